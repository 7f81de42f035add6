import asyncio
from pathlib import Path

from tests.waiting import PATIENCE
from xds_server.agent.host_relay import relay


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(1000):
        writer.write(chunk.upper())
        await writer.drain()
    writer.close()


async def test_bytes_go_both_ways(tmp_path: Path) -> None:
    far = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = far.sockets[0].getsockname()[1]
    path = tmp_path / "xds.sock"
    async with far, relay(path, "127.0.0.1", port):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"a" * 300_000)
        assert await reader.readexactly(300_000) == b"A" * 300_000
        writer.close()
    assert not path.exists()


async def test_a_controller_that_is_away_is_a_closed_connection(tmp_path: Path) -> None:
    unused = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = unused.sockets[0].getsockname()[1]
    unused.close()
    await unused.wait_closed()
    path = tmp_path / "xds.sock"
    async with relay(path, "127.0.0.1", port):
        for _ in range(2):  # and it goes on accepting
            reader, writer = await asyncio.open_unix_connection(path)
            async with asyncio.timeout(PATIENCE):
                assert await reader.read() == b""
            writer.close()


async def test_a_socket_that_a_killed_agent_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "xds.sock"
    path.write_text("")
    async with relay(path, "127.0.0.1", 1):
        assert path.is_socket()


async def test_the_end_of_the_controller_is_seen_by_the_proxy(tmp_path: Path) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.close()

    far = await asyncio.start_server(leave, "127.0.0.1", 0)
    path = tmp_path / "xds.sock"
    async with far, relay(path, "127.0.0.1", far.sockets[0].getsockname()[1]):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"x")
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        writer.close()

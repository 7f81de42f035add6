"""A load client that does not see a failure would prove nothing."""

import asyncio
from collections.abc import Awaitable, Callable

from integration.bed.client import Session, Tally, load

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BODY = b'{"name": "one", "peer": "192.0.2.1", "path": "/"}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n"


async def run(handler: Handler, count: int, timeout: float = 1.0) -> Tally:
    """Make requests to a server that answers by ``handler``; return what was counted."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    tally = Tally()
    async with server:
        session = Session(f"http://127.0.0.1:{port}/", (), timeout)
        await load([session], tally, count, 0.0, asyncio.Event())
    return tally


def answering(extra: bytes = b"") -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD % len(BODY) + extra + b"\r\n" + BODY)
            if extra:
                break
        writer.close()

    return handler


async def test_answers_are_counted_by_who_gave_them() -> None:
    tally = await run(answering(), 5)
    assert tally.names == {"one": 5}
    assert tally.peers == {"192.0.2.1": 5}
    assert tally.failures == []


async def test_a_connection_that_the_server_closes_between_requests_is_no_failure() -> None:
    tally = await run(answering(b"connection: close\r\n"), 3)
    assert tally.statuses == {200: 3}
    assert tally.failures == []


async def test_half_an_answer_is_a_failure() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD % len(BODY) + b"\r\n" + BODY[:10])
        writer.close()

    tally = await run(handler, 2)
    assert len(tally.failures) == 2
    assert tally.statuses == {}


async def test_no_answer_is_a_failure_after_the_time_out() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    tally = await run(handler, 1, timeout=0.05)
    assert tally.failures == ["TimeoutError()"]


async def test_nobody_there_is_a_failure() -> None:
    unused = await asyncio.start_server(answering(), "127.0.0.1", 0)
    port = unused.sockets[0].getsockname()[1]
    unused.close()
    await unused.wait_closed()
    tally = Tally()
    session = Session(f"http://127.0.0.1:{port}/", (), 1.0)
    await load([session], tally, 1, 0.0, asyncio.Event())
    assert "ConnectionRefusedError" in tally.failures[0]


def test_the_gap_is_the_longest_time_between_answers() -> None:
    tally = Tally()
    for now in (1.0, 1.1, 3.5, 3.6):
        tally.answered(now - 0.05, now, 200, BODY)
    report = tally.report()
    assert report["gap_ms"] == 2400.0
    assert report["answered"] == 4
    assert report["p50_ms"] == 50.0


def test_a_denial_counts_by_its_status_alone() -> None:
    tally = Tally()
    tally.answered(0.0, 0.1, 403, b"RBAC: access denied")
    assert tally.statuses == {403: 1}
    assert tally.names == {}

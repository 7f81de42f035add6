"""A database server's socket: transactions that fail, and peers that do not read."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.xds_server.protocols.ovsdb.test_mirror import UPDATES
from tests.waiting import PATIENCE, eventually
from xds_server.southbound.ovsdb import OvsdbServer
from xds_server.southbound.ovsdb_session import OvsdbError


class Peer:
    """A database server that answers the monitor request, and then as it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def hears(self) -> dict[str, Any]:
        return dict(json.loads(await self.reader.read(65536)))

    def says(self, **message: object) -> None:
        self.writer.write(json.dumps(message).encode())


@pytest.fixture
async def bed() -> AsyncIterator[tuple[OvsdbServer, Peer]]:
    server = OvsdbServer(lambda evidence: None)
    port = await server.start("127.0.0.1", 0)
    peer = Peer(*await asyncio.open_connection("127.0.0.1", port))
    monitor = await peer.hears()
    peer.says(id=monitor["id"], result=UPDATES, error=None)
    await eventually(lambda: server.bridge(0xAA) is not None)
    yield server, peer
    await server.stop()
    peer.writer.transport.abort()


async def test_results_come_back_in_order(bed: tuple[OvsdbServer, Peer]) -> None:
    server, peer = bed
    task = asyncio.create_task(server.transact(0xAA, {"op": "comment", "comment": "a"}))
    request = await peer.hears()
    assert request["method"] == "transact"
    peer.says(id=request["id"], result=[{"count": 1}], error=None)
    assert await task == [{"count": 1}]


async def test_a_refusal_is_an_error_with_the_databases_words(
    bed: tuple[OvsdbServer, Peer],
) -> None:
    server, peer = bed
    task = asyncio.create_task(server.transact(0xAA, {"op": "abort"}))
    request = await peer.hears()
    peer.says(id=request["id"], result=[{"error": "aborted"}], error=None)
    with pytest.raises(OvsdbError, match="aborted"):
        await task


async def test_an_end_in_the_middle_is_an_error_and_not_a_wait(
    bed: tuple[OvsdbServer, Peer],
) -> None:
    server, peer = bed
    task = asyncio.create_task(server.transact(0xAA, {"op": "comment", "comment": "a"}))
    await peer.hears()
    peer.writer.close()
    with pytest.raises(OvsdbError, match="session has ended"):
        await task
    assert server.bridge(0xAA) is None


async def test_no_answer_is_a_timeout(bed: tuple[OvsdbServer, Peer]) -> None:
    with pytest.raises(TimeoutError):
        await bed[0].transact(0xAA, {"op": "comment", "comment": "a"}, timeout=0.1)


async def _flood(peer: Peer) -> None:
    """Ask for fifty megabytes of echoes, and read nothing."""
    async with asyncio.timeout(PATIENCE):
        for _ in range(100):
            peer.says(id=1, method="echo", params=["x" * 500_000])
            await peer.writer.drain()
            await asyncio.sleep(0)


async def test_a_peer_that_does_not_read_is_left(bed: tuple[OvsdbServer, Peer]) -> None:
    server, peer = bed
    with pytest.raises(ConnectionError):
        await _flood(peer)
    assert server.bridge(0xAA) is None

"""A peer's socket: what it may cost us, and how its end is told."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from tests.conversations.openflow.tcp_bridge import TcpBridge
from tests.devices.ovs_bridge import flow
from tests.waiting import PATIENCE
from xds_server.protocols.openflow import codec
from xds_server.protocols.openflow.connection import Settings
from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.framing import Type, frame
from xds_server.snapshots.evidence import Acked, Disconnected, Evidence
from xds_server.snapshots.model import program_of
from xds_server.southbound.openflow_session import Limits
from xds_server.southbound.openflow_tcp import OpenFlowServer

HOSTS = {0xAA: "host1", 0xBB: "host2"}
LIMITS = Limits(stranger_buffer=8192, buffer=64 * 1024 * 1024, stall=0.8, linger=0.5)


class Bed:
    """A listener and its evidence."""

    def __init__(self) -> None:
        self.seen: list[Evidence] = []
        self.server = OpenFlowServer(self.seen.append, Settings(handshake=1.0), LIMITS)
        self.port = 0

    async def until(self, kind: type[Evidence], host: str) -> Evidence:
        async with asyncio.timeout(PATIENCE):
            while True:
                for evidence in self.seen:
                    if isinstance(evidence, kind) and evidence.device.name == host:
                        return evidence
                await asyncio.sleep(0.01)


@pytest.fixture
async def bed() -> AsyncIterator[Bed]:
    bed = Bed()
    bed.port = await bed.server.start("127.0.0.1", 0)
    bed.server.set_hosts(HOSTS)
    yield bed
    await bed.server.stop()


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            while await reader.read(65536):
                pass
    except ConnectionError:
        return True  # aborted rather than closed
    return True


async def test_a_peer_that_says_nothing_is_sent_away(bed: Bed) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", bed.port)
    assert await _ended(reader)
    writer.close()


async def test_a_stranger_that_only_asks_is_cut_off_at_its_limit(bed: Bed) -> None:
    peer = socket.create_connection(("127.0.0.1", bed.port))
    peer.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(peer, codec.hello(1))
    with pytest.raises(ConnectionError):
        await _flood(peer)
    peer.close()


async def _flood(peer: socket.socket) -> None:
    """Ask for six hundred megabytes of echoes, and read nothing."""
    echoes = frame(Type.ECHO_REQUEST, 1, bytes(60_000)) * 20
    async with asyncio.timeout(PATIENCE):
        for _ in range(500):
            await asyncio.get_running_loop().sock_sendall(peer, echoes)


async def test_a_bridge_that_stops_reading_hurts_no_other(bed: Bed) -> None:
    large = program_of([flow(port) for port in range(1, 60_000)], [])
    deaf = await TcpBridge.to(bed.port, 0xAA)
    task = asyncio.create_task(deaf.serve())
    bed.server.publish(0xAA, program_of([], []))
    await bed.until(Acked, "host1")
    task.cancel()  # the socket stays open, but nobody reads it any more
    bed.server.publish(0xAA, large)
    other = await TcpBridge.to(bed.port, 0xBB)
    serving = asyncio.create_task(other.serve())
    bed.server.publish(0xBB, program_of([flow(1)], []))
    acked = await bed.until(Acked, "host2")
    assert isinstance(acked, Acked)
    assert acked.written == 1
    end = await bed.until(Disconnected, "host1")
    assert isinstance(end, Disconnected)
    assert "has read nothing for 0.8 s" in end.reason
    serving.cancel()
    deaf.writer.transport.abort()
    other.writer.transport.abort()


async def test_counters_of_a_bridge_that_dies_meanwhile_are_empty(bed: Bed) -> None:
    bridge = await TcpBridge.to(bed.port, 0xAA)
    task = asyncio.create_task(bridge.serve())
    bed.server.publish(0xAA, program_of([], []))
    await bed.until(Acked, "host1")
    assert await bed.server.counters(0xAA) == Counters()
    task.cancel()
    asking = asyncio.create_task(bed.server._sessions[0xAA].counters(5.0))
    await asyncio.sleep(0.05)
    bridge.writer.transport.abort()
    assert await asking == Counters()
    assert not bed.server._all


async def test_a_bridge_that_answers_no_question_is_a_timeout(bed: Bed) -> None:
    bridge = await TcpBridge.to(bed.port, 0xAA)
    task = asyncio.create_task(bridge.serve())
    bed.server.publish(0xAA, program_of([], []))
    await bed.until(Acked, "host1")
    task.cancel()
    with pytest.raises(TimeoutError):
        await bed.server.counters(0xAA, timeout=0.2)
    bridge.writer.transport.abort()

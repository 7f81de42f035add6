"""The listener: who is served, who waits, who is refused, and what is reported of them."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator

import pytest
import trustme

from tests.conversations.openflow.tcp_bridge import TcpBridge
from tests.devices.ovs_bridge import flow
from tests.waiting import PATIENCE, taken
from xds_server.controller.errors import MachineError
from xds_server.protocols.openflow.connection import Settings
from xds_server.protocols.openflow.framing import Type
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Disconnected,
    Evidence,
    PortsChanged,
    Warned,
)
from xds_server.snapshots.model import program_of
from xds_server.southbound.openflow_session import Limits
from xds_server.southbound.openflow_tcp import OpenFlowServer

PROGRAM = program_of([flow(1)], [])


class Bed:
    """A listener, its bridges and its evidence."""

    def __init__(self) -> None:
        self.seen: list[Evidence] = []
        self.server = OpenFlowServer(self.seen.append, Settings(), Limits(strangers=3))
        self.port = 0
        self.tasks: list[asyncio.Task[None]] = []

    async def bridge(self, datapath_id: int = 0xAA) -> TcpBridge:
        bridge = await TcpBridge.to(self.port, datapath_id)
        self.tasks.append(asyncio.create_task(bridge.serve()))
        return bridge

    async def next(self, kind: type[Evidence]) -> Evidence:
        return await taken(self.seen, lambda evidence: isinstance(evidence, kind))

    async def warning(self) -> Warned:
        warned = await self.next(Warned)
        assert isinstance(warned, Warned)
        return warned


@pytest.fixture
async def bed() -> AsyncIterator[Bed]:
    bed = Bed()
    bed.port = await bed.server.start("127.0.0.1", 0)
    yield bed
    await bed.server.stop()
    for task in bed.tasks:
        task.cancel()
    await asyncio.gather(*bed.tasks, return_exceptions=True)


async def test_a_declared_bridge_gets_its_program(bed: Bed) -> None:
    bed.server.set_hosts({0xAA: "host1"})
    bed.server.publish(0xAA, PROGRAM)
    await bed.bridge()
    connected = await bed.next(Connected)
    assert isinstance(connected, Connected)
    assert "datapath id 00000000000000aa from 127.0.0.1:" in connected.detail
    acked = await bed.next(Acked)
    assert isinstance(acked, Acked)
    assert (acked.version, acked.written) == (PROGRAM.version, 1)


async def test_a_stranger_is_reported_gets_no_flow_and_is_served_once_declared(bed: Bed) -> None:
    bed.server.publish(0xAA, PROGRAM)
    stranger = await bed.bridge()
    warned = await bed.warning()
    assert warned.topic == "unknown-bridge"
    assert "declare a Host with this datapathId" in warned.warning
    await asyncio.sleep(0.1)
    assert {message.type for message in stranger.seen} == {Type.HELLO, Type.FEATURES_REQUEST}
    bed.server.set_hosts({0xAA: "host1"})
    assert (await bed.warning()).warning == ""
    bed.server.publish(0xAA, PROGRAM)
    await bed.next(Acked)


async def test_a_stranger_that_leaves_is_no_longer_reported(bed: Bed) -> None:
    stranger = await bed.bridge()
    await bed.warning()
    stranger.writer.close()
    assert (await bed.warning()).warning == ""


async def test_a_bridge_that_is_no_longer_declared_is_let_go(bed: Bed) -> None:
    bed.server.set_hosts({0xAA: "host1"})
    await bed.bridge()
    await bed.next(Connected)
    bed.server.set_hosts({0xAA: "renamed"})
    ended = await bed.next(Disconnected)
    assert isinstance(ended, Disconnected)
    assert "renamed" in ended.reason
    assert ended.device.name == "host1"


async def test_a_second_bridge_with_the_same_datapath_id_is_refused(bed: Bed) -> None:
    bed.server.set_hosts({0xAA: "host1"})
    bed.server.publish(0xAA, PROGRAM)
    await bed.bridge()
    await bed.next(Acked)
    second = await bed.bridge()
    warned = await bed.warning()
    assert (warned.topic, warned.device.name) == ("duplicate-bridge", "host1")
    assert "other-config:datapath-id" in warned.warning
    async with asyncio.timeout(PATIENCE):
        await bed.tasks[-1]
    assert not any(message.type == Type.BUNDLE_ADD for message in second.seen)
    bed.server.publish(0xAA, program_of([], []))
    await bed.next(Acked)  # the first is served on


async def test_a_dead_first_connection_makes_room_for_the_bridge_that_came_back(bed: Bed) -> None:
    bed.server.set_hosts({0xAA: "host1"})
    first = await bed.bridge()
    await bed.next(Connected)
    bed.tasks[0].cancel()  # it answers nothing any more, but its socket is open
    await bed.bridge()
    ended = await bed.next(Disconnected)
    assert isinstance(ended, Disconnected)
    assert ended.reason == "no answer to an echo request"
    await bed.bridge()
    await bed.next(Connected)
    first.writer.transport.abort()


async def test_too_many_strangers_are_turned_away_and_reported_once(bed: Bed) -> None:
    bed.server.set_hosts({0xAA: "host1"})
    for number in range(1, 4):
        await bed.bridge(number)
        await bed.warning()
    for number in range(4, 9):
        await bed.bridge(number)
    warned = await bed.warning()
    assert warned.topic == "too-many-bridges"
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*bed.tasks[3:])
    assert not [evidence for evidence in bed.seen if isinstance(evidence, Warned)]


async def test_what_others_know_of_a_bridge_is_told_with_its_connection(bed: Bed) -> None:
    bed.server.describe(0xAA, "Open vSwitch 3.1.0")
    bed.server.set_hosts({0xAA: "host1"})
    await bed.bridge()
    first = await bed.next(Connected)
    bed.server.describe(0xAA, "Open vSwitch 3.1.0")
    bed.server.describe(0xAA, "Open vSwitch 3.2.0")
    second = await bed.next(Connected)
    assert isinstance(first, Connected)
    assert isinstance(second, Connected)
    assert first.detail.endswith("OpenFlow 1.5, Open vSwitch 3.1.0")
    assert second.detail.endswith("OpenFlow 1.5, Open vSwitch 3.2.0")


async def test_nobody_is_counted_before_they_are_connected(bed: Bed) -> None:
    assert await bed.server.counters(0xAA) is None
    bed.server.resync(0xAA)
    assert bed.seen == []


async def test_a_port_in_use_is_one_clear_error(bed: Bed) -> None:
    with pytest.raises(MachineError, match="for OpenFlow: the port is in use"):
        await OpenFlowServer(bed.seen.append).start("127.0.0.1", bed.port)


async def test_tls_admits_only_who_has_a_certificate_of_ours() -> None:
    ours, theirs = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    ours.configure_trust(context)
    ours.issue_cert("127.0.0.1").configure_cert(context)
    seen: list[Evidence] = []
    server = OpenFlowServer(seen.append)
    port = await server.start("127.0.0.1", 0, context)
    server.set_hosts({0xAA: "host1"})
    server.publish(0xAA, PROGRAM)
    try:
        assert not await _served(port, ours, theirs, seen)
        assert await _served(port, ours, ours, seen)
    finally:
        await server.stop()


async def _served(port: int, trusted: trustme.CA, own: trustme.CA, seen: list[Evidence]) -> bool:
    context = ssl.create_default_context()
    trusted.configure_trust(context)
    own.issue_cert("bridge.example").configure_cert(context)
    streams = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    task = asyncio.create_task(TcpBridge(*streams).serve())
    for _ in range(100):
        if task.done() or any(isinstance(evidence, Acked) for evidence in seen):
            break
        await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    streams[1].transport.abort()
    return any(isinstance(evidence, Acked) for evidence in seen)


async def test_a_peer_that_is_turned_away_is_told_of_until_one_of_its_machine_is_let_in(
    bed: Bed,
) -> None:
    old = await TcpBridge.to(bed.port)
    old.writer.write(struct.pack("!BBHI", 4, Type.HELLO, 8, 1))  # OpenFlow 1.3
    warned = await bed.warning()
    assert (warned.topic, warned.device.name) == ("handshake", "*")
    assert "127.0.0.1:" in warned.warning
    assert "protocols=OpenFlow15" in warned.warning
    await bed.bridge()
    assert (await bed.warning()).warning == ""
    old.writer.transport.abort()


async def test_ports_go_by_their_other_names_too(bed: Bed) -> None:
    bed.server.set_hosts({0xAA: "host1"})
    bed.server.name_ports(0xAA, {"iface-id=x": "web", "iface-id=y": "gone"})
    assert bed.seen == []
    await bed.bridge()
    ports = await bed.next(PortsChanged)
    assert isinstance(ports, PortsChanged)
    assert ports.ports == {"web": 1, "iface-id=x": 1}
    bed.server.name_ports(0xAA, {"iface-id=x": "web", "iface-id=y": "gone"})
    assert bed.seen == []
    bed.server.name_ports(0xAA, {"iface-id=z": "web"})
    (changed,) = bed.seen
    assert isinstance(changed, PortsChanged)
    assert changed.ports == {"web": 1, "iface-id=z": 1}

"""The OVSDB listener: warnings of declared bridges, and errors that say how to mend them."""

import asyncio
import json

import pytest

from tests.unit.xds_server.protocols.ovsdb.test_mirror import UPDATES
from tests.waiting import eventually
from xds_server.controller.errors import MachineError
from xds_server.snapshots.evidence import Evidence, Warned
from xds_server.southbound.ovsdb import OvsdbServer
from xds_server.southbound.ovsdb_session import OvsdbError


async def _database(port: int) -> asyncio.StreamWriter:
    """Connect as a database server and describe the bridge of the other tests."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    monitor = json.loads(await reader.read(65536))
    writer.write(json.dumps({"id": monitor["id"], "result": UPDATES, "error": None}).encode())
    return writer


async def test_only_declared_bridges_are_reported_and_a_mended_warning_ends() -> None:
    seen: list[Evidence] = []
    described: list[tuple[int, str]] = []
    server = OvsdbServer(seen.append, lambda bridge, text: described.append((bridge, text)))
    writer = await _database(await server.start("127.0.0.1", 0))
    await eventually(lambda: server.bridge(0xAA) is not None)
    assert seen == described == []
    server.set_hosts({0xAA: "host1"})
    assert described == [(0xAA, "bridge br-int, Open vSwitch 3.1.0")]
    (warned,) = seen
    assert isinstance(warned, Warned)
    assert (warned.topic, warned.device.name) == ("interfaces", "host1")
    server.set_hosts({0xAA: "host1"})
    assert len(seen) == 1
    update = {"Interface": {"j": {"old": {}}}}
    writer.write(json.dumps({"id": None, "method": "update", "params": [None, update]}).encode())
    await eventually(lambda: len(seen) != 1)
    assert isinstance(seen[1], Warned)
    assert (seen[1].topic, seen[1].warning) == ("interfaces", "")
    await server.stop()
    writer.transport.abort()


async def test_a_bridge_without_a_session_is_an_error_with_its_mend() -> None:
    server = OvsdbServer(lambda evidence: None)
    with pytest.raises(OvsdbError, match=r"00000000000000aa; run ovs-vsctl set-manager"):
        await server.transact(0xAA, {"op": "comment", "comment": "a"})


async def test_a_session_that_ends_is_a_state_of_its_bridge_until_it_is_back() -> None:
    seen: list[Evidence] = []
    server = OvsdbServer(seen.append)
    server.set_hosts({0xAA: "host1"})
    port = await server.start("127.0.0.1", 0)
    writer = await _database(port)
    await eventually(lambda: server.bridge(0xAA) is not None)
    writer.transport.abort()
    await eventually(lambda: "ovsdb" in _topics(seen))
    ended = next(e for e in seen if isinstance(e, Warned) and e.topic == "ovsdb")
    assert "its OVSDB session has ended" in ended.warning
    assert server.bridges() == ()
    second = await _database(port)
    await eventually(lambda: isinstance(seen[-1], Warned) and seen[-1].warning == "")
    assert [b.name for b in server.bridges()] == ["br-int"]
    before = len(seen)
    await server.stop()
    await asyncio.sleep(0.05)
    assert len(seen) == before  # our own end is nobody's trouble
    second.transport.abort()


async def test_a_host_declared_again_is_warned_of_again() -> None:
    seen: list[Evidence] = []
    server = OvsdbServer(seen.append)
    server.set_hosts({0xAA: "host1"})
    writer = await _database(await server.start("127.0.0.1", 0))
    await eventually(lambda: len(seen) == 1)
    server.set_hosts({})
    server.set_hosts({0xAA: "host1"})
    assert len(seen) == 2
    await server.stop()
    writer.transport.abort()


def _topics(seen: list[Evidence]) -> list[str]:
    return [evidence.topic for evidence in seen if isinstance(evidence, Warned)]


async def test_a_port_in_use_is_one_clear_error() -> None:
    server, second = OvsdbServer(lambda e: None), OvsdbServer(lambda e: None)
    port = await server.start("127.0.0.1", 0)
    with pytest.raises(MachineError, match="for OVSDB: the port is in use"):
        await second.start("127.0.0.1", port)
    await server.stop()

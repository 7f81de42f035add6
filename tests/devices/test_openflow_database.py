"""A real ovsdb-server connects to our listener: fail mode, ports, versions and transactions."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from tests.devices.ovs_bridge import DATAPATH, RestartableOvs, flow
from tests.waiting import eventually, taken
from xds_server.protocols.ovsdb.mirror import Bridge, Interface
from xds_server.snapshots.evidence import Acked, Evidence, Warned
from xds_server.snapshots.model import program_of
from xds_server.southbound.openflow_tcp import OpenFlowServer
from xds_server.southbound.ovsdb import OvsdbServer
from xds_server.southbound.ovsdb_dial import Remote
from xds_server.southbound.ovsdb_prepare import Advertised
from xds_server.southbound.ovsdb_session import OvsdbError

pytestmark = pytest.mark.device
PROGRAM = program_of([flow(1)], [])


@dataclass
class Bed:
    """A database server that is managed by our listener."""

    ovs: RestartableOvs
    port: int = 0
    seen: list[Evidence] = field(default_factory=list)
    described: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = OvsdbServer(self.seen.append, lambda _, text: self.described.append(text))

    async def vsctl(self, *arguments: str) -> None:
        await asyncio.to_thread(self.ovs.vsctl, *arguments)

    async def bridge(self) -> Bridge:
        await eventually(lambda: self.server.bridge(DATAPATH) is not None)
        found = self.server.bridge(DATAPATH)
        assert found is not None
        return found

    async def until(self, holds: Callable[[], bool]) -> None:
        await eventually(holds)

    async def warning(self, topic: str) -> str:
        """Wait for the next warning of a topic, and return its text."""
        told = await taken(self.seen, lambda e: isinstance(e, Warned) and e.topic == topic)
        assert isinstance(told, Warned)
        return told.warning


@contextlib.asynccontextmanager
async def managed(*options: str) -> AsyncIterator[Bed]:
    """Start a bridge, with further ``column=value`` settings, that our listener manages."""
    with RestartableOvs() as ovs:
        datapath = f"other-config:datapath-id={DATAPATH:016x}"
        await asyncio.to_thread(ovs.add_bridge, "br0", {"web": 1}, datapath, *options)
        ovs.follow_managers()
        bed = Bed(ovs)
        bed.port = await bed.server.start("127.0.0.1", 0)
        bed.server.set_hosts({DATAPATH: "host1"})
        try:
            await bed.vsctl("set-manager", f"tcp:127.0.0.1:{bed.port}")
            yield bed
        finally:
            await bed.server.stop()


async def test_a_bridge_is_described_by_its_own_database() -> None:
    async with managed() as bed:
        await bed.vsctl("set", "interface", "web", "external_ids:vm=seven")
        await bed.vsctl("set", "open_vswitch", ".", "ovs_version=3.1.0")
        await bed.until(lambda: bed.described[-1:] == ["bridge br0, Open vSwitch 3.1.0"])
        await bed.until(lambda: _port(bed, "web") == (1, {"vm": "seven"}))
        bridge = await bed.bridge()
        assert (bridge.name, bridge.fail_mode) == ("br0", "secure")
        assert bed.seen == []


async def test_an_unsafe_fail_mode_is_warned_of_until_it_is_mended() -> None:
    async with managed() as bed:
        await bed.bridge()
        await bed.vsctl("del-fail-mode", "br0")
        assert "ovs-vsctl set-fail-mode br0 secure" in await bed.warning("fail-mode")
        await bed.vsctl("set-fail-mode", "br0", "secure")
        assert await bed.warning("fail-mode") == ""


async def test_a_port_that_cannot_be_opened_is_warned_of() -> None:
    async with managed() as bed:
        await bed.bridge()
        await bed.vsctl("--no-wait", "add-port", "br0", "no-such-device")
        assert "no-such-device" in await bed.warning("interfaces")
        await bed.vsctl("del-port", "br0", "no-such-device")
        assert await bed.warning("interfaces") == ""


async def test_transactions_hold_together_or_not_at_all() -> None:
    async with managed() as bed:
        await bed.bridge()
        where = [["name", "==", "br0"]]
        good = {"op": "update", "table": "Bridge", "where": where, "row": {"fail_mode": "secure"}}
        bad = {"op": "update", "table": "Bridge", "where": where, "row": {"fail_mode": "open"}}
        assert await bed.server.transact(DATAPATH, good) == [{"count": 1}]
        with pytest.raises(OvsdbError, match="constraint violation"):
            await bed.server.transact(DATAPATH, good, bad)


async def test_a_local_database_can_be_reached_by_its_socket() -> None:
    async with managed() as bed:
        local = OvsdbServer(bed.seen.append)
        local.dial([Remote("unix", str(bed.ovs.database))])
        await eventually(lambda: local.bridge(DATAPATH) is not None)
        assert [found.name for found in local.bridges()] == ["br0"]
        await local.stop()


@pytest.mark.parametrize("scheme", ["tcp", "ssl"])
async def test_a_listening_database_is_dialled(scheme: str, tmp_path: Path) -> None:
    async with managed() as bed:
        port = _free_port()
        context = await _certified(bed, tmp_path)
        await asyncio.to_thread(bed.ovs.listen, f"p{scheme}:{port}:127.0.0.1")
        ours = OvsdbServer(bed.seen.append)
        ours.dial([Remote(scheme, "127.0.0.1", port)], context)
        await bed.until(lambda: ours.bridge(DATAPATH) is not None)
        where = [["name", "==", "br0"]]
        asked = {"op": "select", "table": "Bridge", "where": where, "columns": ["name"]}
        assert await ours.transact(DATAPATH, asked) == [{"rows": [{"name": "br0"}]}]
        await ours.stop()


async def test_a_database_of_another_authority_is_not_believed(tmp_path: Path) -> None:
    async with managed() as bed:
        port = _free_port()
        await _certified(bed, tmp_path)
        stranger = ssl.create_default_context()
        stranger.check_hostname = False
        trustme.CA().configure_trust(stranger)
        await asyncio.to_thread(bed.ovs.listen, f"pssl:{port}:127.0.0.1")
        ours = OvsdbServer(bed.seen.append)
        ours.dial([Remote("ssl", "127.0.0.1", port)], stranger)
        text = ""
        while "certificate verify failed" not in text.lower():  # it may not listen yet
            text = await bed.warning(f"ovsdb ssl:127.0.0.1:{port}")
        assert ours.bridges() == ()
        await ours.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _certified(bed: Bed, directory: Path) -> ssl.SSLContext:
    """Give the database a certificate, and return how a peer of its authority connects."""
    authority = trustme.CA()
    theirs = authority.issue_cert("ovs.example")
    paths = [directory / name for name in ("key.pem", "cert.pem", "ca.pem")]
    theirs.private_key_pem.write_to_path(str(paths[0]))
    theirs.cert_chain_pems[0].write_to_path(str(paths[1]))
    authority.cert_pem.write_to_path(str(paths[2]))
    await bed.vsctl("--no-wait", "set-ssl", *map(str, paths))
    context = ssl.create_default_context()
    context.check_hostname = False
    authority.configure_trust(context)
    authority.issue_cert("fsdn.example").configure_cert(context)
    return context


async def test_a_restarted_database_is_a_state_and_comes_back() -> None:
    async with managed() as bed:
        await bed.bridge()
        await asyncio.to_thread(bed.ovs.restart_ovsdb)
        assert "its OVSDB session has ended" in await bed.warning("ovsdb")
        await asyncio.to_thread(bed.ovs.follow_managers)
        assert await bed.warning("ovsdb") == ""
        manager = f"tcp:127.0.0.1:{bed.port}"  # the database says a moment later that it is there
        await bed.until(lambda: bed.server.bridges()[0].managers == (manager,))


async def test_an_old_vswitch_and_one_without_openflow_15_are_named() -> None:
    async with managed() as bed:
        await bed.bridge()
        await bed.vsctl("--no-wait", "set", "open_vswitch", ".", "ovs_version=2.5.0")
        assert "is Open vSwitch 2.5.0, and 3.1 is the oldest" in await bed.warning("ovs-version")
        await bed.vsctl("set", "bridge", "br0", "protocols=OpenFlow10,OpenFlow13")
        assert "speaks OpenFlow10, OpenFlow13 only" in await bed.warning("protocols")


async def test_a_bare_bridge_is_set_up_by_its_database_alone() -> None:
    async with managed("fail_mode=standalone", "protocols=OpenFlow13") as bed:
        follower = OpenFlowServer(bed.seen.append)
        openflow = await follower.start("127.0.0.1", 0)
        follower.set_hosts({DATAPATH: "host1"})
        follower.publish(DATAPATH, PROGRAM)
        bed.server.prepare(Advertised("0.0.0.0", openflow))
        bed.server.set_hosts({DATAPATH: "host1"}, {"host1": "fsdn-tun"})
        await bed.until(lambda: any(isinstance(e, Acked) for e in bed.seen))
        ours = (f"tcp:127.0.0.1:{openflow}",)
        await bed.until(
            lambda: _set_up(bed) == ("secure", ("OpenFlow13", "OpenFlow15"), ours, ours)
        )
        await bed.until(lambda: _tunnel(bed).ofport > 0)
        assert _tunnel(bed).options == {"key": "flow", "remote_ip": "flow"}
        await bed.vsctl("--no-wait", "set", "interface", "fsdn-tun", "type=gre")
        await bed.until(lambda: "vxlan" in bed.ovs.vsctl("get", "interface", "fsdn-tun", "type"))
        bed.seen.clear()
        await bed.vsctl("--no-wait", "del-fail-mode", "br0")
        assert "fail mode standalone (unset)" in await bed.warning("fail-mode")
        assert await bed.warning("fail-mode") == ""
        await follower.stop()


async def test_a_tunnel_that_cannot_be_opened_is_repaired_also_as_geneve() -> None:
    async with managed() as bed:
        await bed.bridge()
        broken = ("set", "interface", "fsdn-tun", "type=vxlan")  # without its remote_ip
        await bed.vsctl("--no-wait", "add-port", "br0", "fsdn-tun", "--", *broken)
        assert "requires valid 'remote_ip'" in await bed.warning("interfaces")
        bed.server.prepare(Advertised("127.0.0.1", 6653), "geneve")
        bed.server.set_hosts({DATAPATH: "host1"}, {"host1": "fsdn-tun"})
        await bed.until(lambda: _tunnel(bed).kind == "geneve" and _tunnel(bed).ofport > 0)
        assert await bed.warning("interfaces") == ""


async def test_a_tunnel_that_another_bridge_has_is_a_state_of_the_host() -> None:
    async with managed() as bed:
        more = ("add-br", "br1", "--", "set", "bridge", "br1", "datapath_type=dummy")
        await bed.vsctl(*more, "--", "add-port", "br1", "fsdn-tun")
        await bed.bridge()
        bed.server.prepare(Advertised("127.0.0.1", 6653))
        bed.server.set_hosts({DATAPATH: "host1"}, {"host1": "fsdn-tun"})
        text = await bed.warning("prepare")
        assert "could not be set up: its database refuses: constraint violation" in text
        assert (await bed.bridge()).fail_mode == "secure"  # nothing was half done
        assert (await bed.bridge()).controllers == ()


def _set_up(bed: Bed) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None:
    """Return what the bridge has been given, and the controllers that are ours."""
    found = bed.server.bridge(DATAPATH)
    return found and (found.fail_mode, found.protocols, found.controllers, found.ours)


def _interface(bed: Bed, name: str) -> Interface:
    bridge = bed.server.bridge(DATAPATH)
    found = () if bridge is None else bridge.interfaces
    return next((i for i in found if i.name == name), Interface("", "", 0, {}, ""))


def _tunnel(bed: Bed) -> Interface:
    return _interface(bed, "fsdn-tun")


def _port(bed: Bed, name: str) -> tuple[int, dict[str, str]]:
    found = _interface(bed, name)
    return found.ofport, dict(found.external_ids)

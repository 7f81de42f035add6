"""A real ovsdb-server connects to our listener: fail mode, ports, versions and transactions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.devices.ovs import PrivateOvs, Unixctl
from tests.devices.ovs_bridge import DATAPATH, RestartableOvs
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.snapshots.evidence import Evidence, Warned
from xds_server.southbound.ovsdb import OvsdbServer
from xds_server.southbound.ovsdb_session import OvsdbError

pytestmark = pytest.mark.device


@dataclass
class Bed:
    """A database server that is managed by our listener."""

    ovs: PrivateOvs
    seen: list[Evidence] = field(default_factory=list)
    described: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = OvsdbServer(self.seen.append, lambda _, text: self.described.append(text))

    async def vsctl(self, *arguments: str) -> None:
        await asyncio.to_thread(self.ovs.vsctl, *arguments)

    async def bridge(self) -> Bridge:
        async with asyncio.timeout(15):
            while (found := self.server.bridge(DATAPATH)) is None:
                await asyncio.sleep(0.01)
        return found

    async def warning(self, topic: str) -> str:
        """Wait for the next warning of a topic, and return its text."""
        async with asyncio.timeout(15):
            while True:
                for index, evidence in enumerate(self.seen):
                    if isinstance(evidence, Warned) and evidence.topic == topic:
                        del self.seen[: index + 1]
                        return evidence.warning
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def managed() -> AsyncIterator[Bed]:
    """Start a bridge whose database is managed by our listener."""
    with RestartableOvs() as ovs:
        datapath = f"other-config:datapath-id={DATAPATH:016x}"
        await asyncio.to_thread(ovs.add_bridge, "br0", {"web": 1}, datapath)
        control = Unixctl(ovs.directory / "ovsdb.ctl")
        control.call("ovsdb-server/add-remote", "db:Open_vSwitch,Open_vSwitch,manager_options")
        control.close()
        bed = Bed(ovs)
        port = await bed.server.start("127.0.0.1", 0)
        bed.server.set_hosts({DATAPATH: "host1"})
        try:
            await bed.vsctl("set-manager", f"tcp:127.0.0.1:{port}")
            yield bed
        finally:
            await bed.server.stop()


async def test_a_bridge_is_described_by_its_own_database() -> None:
    async with managed() as bed:
        await bed.vsctl("set", "interface", "web", "external_ids:vm=seven")
        await bed.vsctl("set", "open_vswitch", ".", "ovs_version=3.1.0")
        async with asyncio.timeout(15):
            while not bed.described:
                await asyncio.sleep(0.01)
        bridge = await bed.bridge()
        ports = {i.name: (i.ofport, dict(i.external_ids)) for i in bridge.interfaces}
        assert ports["web"] == (1, {"vm": "seven"})
        assert (bridge.name, bridge.fail_mode) == ("br0", "secure")
        assert bed.described[-1] == "bridge br0, Open vSwitch 3.1.0"
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
        await local.connect(str(bed.ovs.database))
        async with asyncio.timeout(15):
            while (found := local.bridge(DATAPATH)) is None:
                await asyncio.sleep(0.01)
        assert found.name == "br0"
        await local.stop()

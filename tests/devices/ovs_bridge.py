"""A private Open vSwitch that follows our OpenFlow listener, and flows to give it."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from tests.devices.ovs import PrivateOvs, Unixctl
from tests.waiting import taken
from xds_server.protocols.openflow.connection import Settings
from xds_server.snapshots.evidence import Acked, Evidence, Nacked
from xds_server.snapshots.model import FlowEntry, FlowKey, GroupEntry
from xds_server.southbound.openflow_session import Limits
from xds_server.southbound.openflow_tcp import OpenFlowServer

DATAPATH = 0xAA
OWNER = 0xF5D0 << 48
DROP = b""  # no instructions


def oxm(field: int, value: bytes, group: int = 0x8000) -> bytes:
    """Return one OXM field without a mask."""
    return struct.pack("!HBB", group, field << 1, len(value)) + value


def udp_match(port: int) -> bytes:
    """Return the match of UDP over IPv4 to one destination port, in the order that OVS prints."""
    return oxm(5, struct.pack("!H", 0x0800)) + oxm(10, b"\x11") + oxm(16, struct.pack("!H", port))


UDP_REVERSED = oxm(16, b"\0\x35") + oxm(10, b"\x11") + oxm(5, b"\x08\0")  # udp_match(53) backwards


def apply(*actions: bytes) -> bytes:
    """Return one apply-actions instruction."""
    body = b"".join(actions)
    return struct.pack("!HHxxxx", 4, 8 + len(body)) + body


def output(port: int) -> bytes:
    """Return an output action."""
    return struct.pack("!HHIHxxxxxx", 0, 16, port, 0)


def to_group(number: int) -> bytes:
    """Return a group action."""
    return struct.pack("!HHI", 22, 8, number)


def flow(port: int, instructions: bytes = DROP, cookie: int = 0, table: int = 0) -> FlowEntry:
    """Return a flow of ours for UDP to ``port``."""
    return FlowEntry(FlowKey(table, 100, udp_match(port)), OWNER | cookie or OWNER, instructions)


def group(number: int, port: int) -> GroupEntry:
    """Return an indirect group with one bucket that outputs to ``port``."""
    action = output(port)
    bucket = struct.pack("!HHI", 8 + len(action), len(action), 0) + action
    return GroupEntry(number, 2, bucket, b"")


class RestartableOvs(PrivateOvs):
    """A private Open vSwitch whose switching daemon can die and come back."""

    @property
    def vswitchd_pid(self) -> int:
        """The process id of ovs-vswitchd."""
        return self._processes[-1].pid

    def restart_vswitchd(self) -> None:
        """End ovs-vswitchd, and with it every flow; start it again, and wait for its bridges."""
        old = self._processes.pop()
        old.terminate()
        old.wait(60)
        if self._unixctl is not None:
            self._unixctl.close()
            self._unixctl = None
        self._spawn(*(str(argument) for argument in old.args[:-1]))  # type: ignore[union-attr]
        self._wait_for(self.directory / "vswitchd.ctl")
        for bridge in self.vsctl("list-br").split():
            self._wait_for(self.management_socket(bridge))

    def restart_ovsdb(self) -> None:
        """End ovsdb-server, while ovs-vswitchd goes on, and start it again."""
        old = self._processes.pop(0)
        old.terminate()
        old.wait(60)
        self._spawn(*(str(argument) for argument in old.args[:-1]))  # type: ignore[union-attr]
        self._processes.insert(0, self._processes.pop())
        self._wait_for(self.database)
        self._wait_for(self.directory / "ovsdb.ctl")

    def follow_managers(self) -> None:
        """Let ovsdb-server connect to the managers in its database, as a service's does."""
        self.listen("db:Open_vSwitch,Open_vSwitch,manager_options")

    def listen(self, remote: str) -> None:
        """Let ovsdb-server take one more remote (ovsdb(7), connection methods)."""
        control = Unixctl(self.directory / "ovsdb.ctl")
        control.call("ovsdb-server/add-remote", remote)
        control.close()


@dataclass
class Followed:
    """A listener, the bridge that follows it, and what was reported so far."""

    ovs: RestartableOvs
    seen: list[Evidence] = field(default_factory=list)
    server: OpenFlowServer = field(init=False)
    port: int = 0

    async def start(self, limits: Limits | None = None, settings: Settings | None = None) -> None:
        """Listen, on the same port as before if there was one."""
        self.server = OpenFlowServer(self.seen.append, settings, limits)
        self.port = await self.server.start("127.0.0.1", self.port)
        self.server.set_hosts({DATAPATH: "host1"})

    async def until(self, wanted: Callable[[Evidence], bool]) -> Evidence:
        """Wait for evidence, and return it; the evidence before it is forgotten."""
        return await taken(self.seen, wanted)

    async def acked(self, version: str) -> Acked:
        """Wait until the bridge runs a version."""
        found = await self.until(lambda e: isinstance(e, Acked) and e.version == version)
        assert isinstance(found, Acked)
        return found

    async def nacked(self, version: str) -> Nacked:
        """Wait until the bridge refuses a version."""
        found = await self.until(lambda e: isinstance(e, Nacked) and e.version == version)
        assert isinstance(found, Nacked)
        return found

    async def dump(self, *match: str) -> list[str]:
        """Return the bridge's flows as its own tool prints them."""
        text = await asyncio.to_thread(self.ovs.ofctl, "dump-flows", "br0", "--no-stats", *match)
        return sorted(line.strip() for line in text.splitlines() if "cookie" in line)


@contextlib.asynccontextmanager
async def following(settings: Settings | None = None) -> AsyncIterator[Followed]:
    """Start a bridge with ports web (1) and db (2) that connects to a listener of ours."""
    with RestartableOvs() as ovs:
        datapath = f"other-config:datapath-id={DATAPATH:016x}"
        await asyncio.to_thread(ovs.add_bridge, "br0", {"web": 1, "db": 2}, datapath)
        bed = Followed(ovs)
        await bed.start(settings=settings)
        try:
            await asyncio.to_thread(connect, ovs, bed.port)
            yield bed
        finally:
            await bed.server.stop()


def connect(ovs: PrivateOvs, port: int) -> None:
    """Point the bridge at a listener, and let it come back quickly."""
    target = f"tcp:127.0.0.1:{port}"
    ovs.vsctl("set-controller", "br0", target, "--", "set", "controller", "br0", "max_backoff=1000")

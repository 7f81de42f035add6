"""A bridge that runs a plan's program, and frames that are put into its ports and taken out."""

from __future__ import annotations

import re
from collections import Counter

from tests.devices.frames import Frame, decode, encode, read_pcap, ttl
from tests.devices.openflow_wire import Wire
from tests.devices.ovs import PrivateOvs
from translators.openflow.encode import encode as encode_program
from translators.openflow.frames import synthetic_ports
from translators.openflow.translate import translate
from translators.plan.model import Plan

_ANSWERED_AT_ONCE = 10  # unixctl_server_run() of Open vSwitch


class Bench:
    """A bridge that runs the plan; frames are put into ports and taken out of others."""

    def __init__(self, ovs: PrivateOvs, plan: Plan) -> None:
        self._ovs = ovs
        self.ports = synthetic_ports(plan, "host1")
        ovs.add_bridge("br-int", self.ports)
        for port in self.ports:
            ovs.vsctl("set", "interface", port, f"options:tx_pcap={ovs.directory}/{port}.pcap")
        self.load(plan)
        self._read = dict.fromkeys(self.ports, 0)

    def load(self, plan: Plan) -> None:
        """Give the bridge this plan's program; its connections stay."""
        wire = Wire(self._ovs.management_socket("br-int"))
        wire.load(encode_program(translate(plan, "host1", self.ports)))
        wire.close()
        self._ovs.call("revalidator/wait")  # until then the datapath goes by what it has cached

    def send(self, port: str, data: bytes) -> dict[str, list[bytes]]:
        """Put a frame into a port; return what came out of which ports."""
        self._receive(port, data)
        return self._new()

    def _receive(self, port: str, data: bytes) -> None:
        self._ovs.call("netdev-dummy/receive", port, data.hex())
        # The daemon's loop answers up to ten commands of a connection, and forwards what has come
        # in before it answers the next: more commands than that are behind all that comes out.
        for _ in range(_ANSWERED_AT_ONCE + 1):
            self._ovs.call("version")

    def _new(self) -> dict[str, list[bytes]]:
        found = {}
        for port in self.ports:
            path = self._ovs.directory / f"{port}.pcap"
            frames = read_pcap(path) if path.exists() else []
            if frames[self._read[port] :]:
                found[port] = frames[self._read[port] :]
                self._read[port] = len(frames)
        return found

    def passes(self, port: str, frame: Frame, out: str) -> Frame:
        """Put a frame into a port; it must come out of ``out`` alone, once."""
        found = self.send(port, encode(frame))
        assert list(found) == [out], (frame, found)
        assert len(found[out]) == 1
        return decode(found[out][0])

    def routes(self, port: str, frame: Frame, out: str) -> Frame:
        """Put a frame into a port; it must come out of ``out`` alone, once, one hop older."""
        data = encode(frame)
        found = self.send(port, data)
        assert [(name, len(frames)) for name, frames in found.items()] == [(out, 1)], (frame, found)
        assert ttl(found[out][0]) == ttl(data) - 1
        return decode(found[out][0])

    def warp(self, milliseconds: int) -> None:
        """Let time pass for the vswitch."""
        self._ovs.call("time/warp", str(milliseconds), str(milliseconds))

    def forget(self, zone: int) -> None:
        """Flush the connections of one zone."""
        self._ovs.call("dpctl/flush-conntrack", f"zone={zone}")

    def flood(self, port: str, data: bytes, count: int) -> Counter[str]:
        """Put a frame into a port many times; return how many frames came out of which ports."""
        for _ in range(count):
            self._receive(port, data)
        return Counter({name: len(frames) for name, frames in self._new().items()})

    def connections(self) -> str:
        """Return what the bridge's connection tracking holds."""
        return self._ovs.call("dpctl/dump-conntrack", "-m")

    def hits(self, cookie: int) -> int:
        """Return how many packets the flows with a cookie have counted."""
        self._ovs.call("revalidator/purge")  # hands in what the caches have counted
        text = self._ovs.ofctl("dump-flows", "br-int", f"cookie={cookie:#x}/-1")
        return sum(int(count) for count in re.findall(r"n_packets=(\d+)", text))

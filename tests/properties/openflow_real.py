"""Real bridges under random plans: whatever they do is held against the software model at once."""

from __future__ import annotations

from itertools import pairwise

from tests.devices.openflow_wire import Wire
from tests.devices.ovs import PrivateOvs
from tests.properties.openflow_journey import Hop
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.encode import encode
from translators.openflow.fields import (
    CT_LABEL,
    CT_MARK,
    CT_REPLY,
    ETH_DST,
    ETH_SRC,
    IN_PORT,
    IP_TTL,
    IPV4_DST,
    IPV4_SRC,
    IPV6_DST,
    IPV6_SRC,
    TCP_DST,
    TCP_SRC,
    TUN_DST,
    TUN_ID,
    UDP_DST,
    UDP_SRC,
    VIRTUAL_MAC,
)
from translators.openflow.flow import Program
from translators.openflow.frames import TTL, from_tunnel, synthetic_ports
from translators.openflow.live import Compared, Probe, World, compared, probe
from translators.openflow.simulate import REFLECTED, Frame, simulate
from translators.openflow.traced import ASKED, flow_text, read_trace, states_text
from translators.plan.evaluate import Packet
from translators.plan.model import Host, Plan

PORTS = 16  # on each bridge: more than any small world needs
_CLIENT_PORT = 40000


class Bridges:
    """Two real bridges, ``host1`` and ``host2``, that are given one plan after the other.

    Whatever they do is held against the software model at once: every table, and every end.
    """

    def __init__(self, ovs: PrivateOvs) -> None:
        self._ovs = ovs
        self._wires: dict[str, Wire] = {}
        self._world = World(Plan(), {})
        for host in ("host1", "host2"):
            ovs.add_bridge(host, {f"{host}-{n}": n for n in range(1, PORTS + 1)})
            self._wires[host] = Wire(ovs.management_socket(host))

    def close(self) -> None:
        """End the OpenFlow connections."""
        for wire in self._wires.values():
            wire.close()

    def load(self, plan: Plan) -> dict[str, Program]:
        """Give both bridges this plan's programs, and nothing else."""
        self._world = World(plan, {host: synthetic_ports(plan, host) for host in self._wires})
        programs = {host: self._world.program(host) for host in self._wires}
        for host, wire in self._wires.items():
            wire.load(encode(programs[host]))
        return programs

    def __call__(self, host: str, frame: Frame, spread: int) -> Hop:
        program = self._world.program(host)
        asked = Probe(self._world.plan.host[host], program, frame, simulate(program, frame))
        text = self._ovs.call("ofproto/trace", host, f"dp_hash={spread + 1},{flow_text(frame)}")
        found = compared(self._world, asked, text)
        assert found.same, difference(found)
        cookies = tuple(row.real.cookie for row in found.rows if row.real is not None)
        punted = found.real == ASKED
        return Hop(port_of(found), found.left, cookies, copies_of(found), punted)

    def standing(self, packet: Packet) -> list[tuple[Probe, Compared]]:
        """Return the way of what a client sends in the connection that a packet has begun.

        Raises ProbeError where no connection stands.
        """
        way: list[tuple[Probe, Compared]] = []
        asked: Probe | None = probe(self._world, packet, established=True)
        while asked is not None:
            found = compared(self._world, asked, self._traced(asked.host, asked.flow, asked.states))
            assert found.same, difference(found)
            way.append((asked, found))
            asked = found.onward
        return way

    def answered(self, way: list[tuple[Probe, Compared]]) -> Hop:
        """Return where an answer to what came by a way ends; it goes back over the same bridges."""
        asked, found = way[-1]
        port = port_of(found)
        assert port is not None
        frame = _answer(found.left, port)
        hop = self._back(asked, frame)
        for (sender, _), (receiver, _) in pairwise(reversed(way)):
            ports = self._world.of(receiver.host.name)
            hop = self._back(receiver, from_tunnel(hop.frame, sender.host, receiver.host, ports))
        return hop

    def _back(self, asked: Probe, frame: Frame) -> Hop:
        assert asked.found is not None
        known = {CT_MARK: asked.found.mark, CT_LABEL: asked.found.label}
        told = "".join(f",{field.name}={value:#x}" for field, value in known.items())
        states = (states_text(asked.found.state | CT_REPLY),)
        real = read_trace(self._traced(asked.host, flow_text(frame) + told, states), frame)
        return Hop(real.output, real.frame)

    def _traced(self, host: Host, flow: str, states: tuple[str, ...]) -> str:
        told = [part for state in states for part in ("--ct-next", state)]
        return self._ovs.call("ofproto/trace", host.name, flow, *told)


def port_of(found: Compared) -> int | None:
    """Return the one port that a bridge really sent to, beside copies; None: it dropped it."""
    sent, copies = _sent(found), len(copies_of(found))
    assert len(sent) - copies <= 1, found.real
    return sent[-1] if len(sent) > copies else None


def copies_of(found: Compared) -> tuple[int, ...]:
    """Return the ports that a bridge really sent copies to, which it does first."""
    real = [row.real for row in found.rows if row.real is not None]
    return _sent(found)[: sum(cause_of(met.cookie) is Cause.COPY for met in real)]


def _sent(found: Compared) -> tuple[int, ...]:
    if found.real in ("dropped", ASKED):
        return ()
    sent = found.real.split(", ")
    return tuple(
        REFLECTED if one == "in_port" else int(one.removeprefix("output:")) for one in sent
    )


def difference(found: Compared) -> str:
    """Return how a bridge differs from its program."""
    return f"{[row for row in found.rows if not row.same]} {found.predicted} {found.real}"


def _answer(frame: Frame, port: int) -> Frame:
    """Return what the receiver of a packet sends back, from its port."""
    turned = dict(frame) | {IN_PORT: port, IP_TTL: TTL}
    turned |= {ETH_SRC: frame[ETH_DST], ETH_DST: VIRTUAL_MAC}
    for one, other in ((IPV4_SRC, IPV4_DST), (IPV6_SRC, IPV6_DST)):
        if one in frame:
            turned |= {one: frame[other], other: frame[one]}
    for source, destination in ((TCP_SRC, TCP_DST), (UDP_SRC, UDP_DST)):
        if destination in frame:
            turned |= {source: frame[destination], destination: _CLIENT_PORT}
    return {field: value for field, value in turned.items() if field not in (TUN_ID, TUN_DST)}

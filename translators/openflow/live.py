"""What real bridges do with a packet, beside what their programs should do with it.

A ``Probe`` says what to ask of a bridge; ``compared`` takes the trace that it printed, and says
which bridge is to be asked next. The probe's packet is a connection's first, or one of a connection
that stands: the trace is told what connection tracking finds, and looks nothing up itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from translators.openflow.bridge import Bridge
from translators.openflow.explain import first_choice
from translators.openflow.fields import (
    CT_LABEL,
    CT_MARK,
    CT_NEW,
    CT_TRACKED,
    ETH_DST,
    ICMP_TYPE,
    ICMPV6_TYPE,
    IP_DSCP,
    IP_PROTO,
    IP_TTL,
    IPV4_DST,
    IPV4_SRC,
    IPV6_DST,
    IPV6_SRC,
    TCP_ACK,
    TCP_DST,
    TCP_FLAGS,
    TUN_DST,
    TUN_ID,
    UDP_DST,
    destination_field,
)
from translators.openflow.flow import Flow, Output, Program, Reflect, ToGroup
from translators.openflow.frames import from_tunnel, from_workload, receiver_of
from translators.openflow.lookup import Frame, flows_of
from translators.openflow.simulate import (
    Trace,
    Tracked,
    group_of,
    simulate,
)
from translators.openflow.tables import Table
from translators.openflow.traced import ASKED, Met, Traced, flow_text, read_trace, states_text
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.model import TCP, Host, Plan

_HASH = 1  # of the traced packet: without one a group would ask for a second pass
_KEPT = 16  # programs of a world
_PASSES = 4  # through connection tracking; our pipeline needs two
_TOLD = (
    ETH_DST,
    IP_TTL,
    IP_DSCP,
    IPV4_SRC,
    IPV4_DST,
    IPV6_SRC,
    IPV6_DST,
    TCP_DST,
    UDP_DST,
    ICMP_TYPE,
    ICMPV6_TYPE,
    TUN_DST,
    TUN_ID,
)

Ports = Mapping[str, int]


class ProbeError(ValueError):
    """The packet cannot be asked about; the message is one sentence with the mend."""


@dataclass(frozen=True, slots=True)
class World:
    """The plan, and the OpenFlow port numbers of the bridges that are known, by host.

    ``held`` are bridges that were made of the plan already, or of others. The programs that were
    asked for last are kept.
    """

    plan: Plan
    ports: Mapping[str, Ports]
    held: Mapping[str, Bridge] = field(default_factory=dict, compare=False, repr=False)
    _programs: dict[str, Program] = field(default_factory=dict, compare=False, repr=False)

    def program(self, host: str) -> Program:
        """Return what a host's bridge should hold; raises ProbeError where nobody knows it."""
        known = self._programs.get(host)
        if known is None:
            self._programs[host] = known = self._made(host)
            if len(self._programs) > _KEPT:
                self._programs.pop(next(iter(self._programs)), None)
        return known

    def _made(self, host: str) -> Program:
        ports, held = self.of(host), self.held.get(host)
        if held is not None and held.site.plan is self.plan and held.site.ports == ports:
            return held.program
        return translate(self.plan, host, ports)

    def of(self, host: str) -> Ports:
        """Return a bridge's ports; raises ProbeError where they are unknown."""
        if host not in self.ports:
            raise ProbeError(
                f"the ports of host {host}'s bridge are not known yet, see 'fsdn status' for why it"
                " is not connected"
            )
        return self.ports[host]


@dataclass(frozen=True, slots=True)
class Probe:
    """A packet to ask one bridge about; ``new`` is what became of its connection's first."""

    host: Host
    program: Program
    frame: Frame
    new: Trace
    found: Tracked | None = None  # what connection tracking is to find; None: a new connection

    @property
    def flow(self) -> str:
        """The packet as ``ofproto/trace`` reads it."""
        known = {} if self.found is None else {CT_MARK: self.found.mark, CT_LABEL: self.found.label}
        stands = "".join(f",{field.name}={value:#x}" for field, value in known.items())
        return f"dp_hash={_HASH},{flow_text(self.frame)}{stands}"

    @property
    def states(self) -> tuple[str, ...]:
        """What each pass through connection tracking is to find, as ``--ct-next`` takes it."""
        new = states_text(CT_NEW | CT_TRACKED)
        first = new if self.found is None else states_text(self.found.state)
        return (first, *(new,) * (_PASSES - 1))


@dataclass(frozen=True, slots=True)
class Row:
    """One table: the flow that should be met there, and the one that was; None: not that far."""

    table: int
    predicted: Flow | None
    real: Met | None

    @property
    def same(self) -> bool:
        """Whether the bridge met the very flow that it should."""
        if self.predicted is None or self.real is None:
            return False
        flow = self.predicted
        wanted = (flow.priority, flow.cookie, flow.match)
        return wanted == (self.real.priority, self.real.cookie, self.real.match)


@dataclass(frozen=True, slots=True)
class Compared:
    """One bridge: its tables, how the packet's way should end there and how it did."""

    host: Host
    rows: tuple[Row, ...]
    predicted: str
    real: str
    left: Frame  # the packet as it really left
    onward: Probe | None = None  # for the bridge at the other end of the tunnel

    @property
    def same(self) -> bool:
        """Whether the bridge does what it should."""
        return self.predicted == self.real and all(row.same for row in self.rows)


def probe(world: World, packet: Packet, established: bool = False) -> Probe:
    """Return what to ask of the source's bridge.

    Raises ProbeError where a port is unknown, or no connection can stand.
    """
    plan = world.plan
    endpoint = plan.endpoint[packet.endpoint]
    host = plan.host[endpoint.host]
    ports = world.of(host.name)
    if endpoint.port not in ports:
        raise ProbeError(
            f"{endpoint.name} has no port {endpoint.port} on the bridge {host.name}/{host.bridge},"
            " attach it or correct its document"
        )
    program = world.program(host.name)
    frame = from_workload(plan, packet, ports)
    new = first_choice(program, frame)
    made = Probe(host, program, frame, new)
    return _standing(made, frame) if established else made


def compared(world: World, asked: Probe, text: str) -> Compared:
    """Return a bridge's trace beside what it should have been; raises TraceError, ProbeError."""
    real = read_trace(text, asked.frame)
    predicted = _predicted(asked, real)
    rows = tuple(_rows(asked.program, predicted.flows, real.met))
    ends = _ends(predicted, real)
    return Compared(asked.host, rows, *ends, real.frame, _onward(world, asked, real))


def _standing(asked: Probe, frame: Frame) -> Probe:
    """Return the probe for a later packet of the connection, which the client sends."""
    made = asked.new.committed
    if made is None:
        raise ProbeError(
            f"the bridge of host {asked.host.name} would commit no such connection, ask without"
            " --established why"
        )
    later = dict(frame)
    if later.get(IP_PROTO) == TCP:
        later[TCP_FLAGS] = TCP_ACK
    if made.nat is not None and made.nat.address is not None and not made.nat.source:
        # A trace translates nothing that it has not committed itself.
        later[destination_field(made.nat.address)] = int(made.nat.address)
        later[TCP_DST if later.get(IP_PROTO) == TCP else UDP_DST] = made.nat.port
    return replace(asked, frame=later, found=replace(made, nat=None))


def _predicted(asked: Probe, real: Traced) -> Trace:
    """Return what should happen; which endpoint a group chooses is the bridge's own affair."""
    if asked.found is not None:
        return simulate(asked.program, asked.frame, found=asked.found)
    balanced = asked.new.at(Table.BALANCE)
    for group in (
        act for act in (balanced.actions if balanced else ()) if isinstance(act, ToGroup)
    ):
        buckets = [b.number for b in group_of(asked.program, group.number).buckets]
        if real.bucket in buckets:
            return simulate(asked.program, asked.frame, buckets.index(real.bucket))
    return asked.new


def _rows(program: Program, predicted: tuple[Flow, ...], met: tuple[Met, ...]) -> Iterator[Row]:
    """Pair what was met with what should be; a packet only ever goes to a higher table."""
    left, right = list(predicted), list(met)
    while left or right:
        table = min(one[0].table for one in (left, right) if one)
        flow = left.pop(0) if left and left[0].table == table else None
        real = right.pop(0) if right and right[0].table == table else None
        row = Row(table, flow, real)
        if flow is not None and real is not None and not row.same:
            row = Row(table, _twin(program, flow, real), real)
        yield row


def _twin(program: Program, flow: Flow, real: Met) -> Flow:
    """Return the flow that was met where it does the same: a switch may choose among such."""
    does = (flow.priority, flow.cookie, flow.actions, flow.goto)
    for other in flows_of(program, flow.table):
        if other.match == real.match and does == (
            other.priority,
            other.cookie,
            other.actions,
            other.goto,
        ):
            return other
    return flow


def _ends(predicted: Trace, real: Traced) -> tuple[str, str]:
    """Return how the packet should end and how it did, each with what it carries of its own."""
    acts = [act for flow in predicted.flows for act in flow.actions]
    sent = [
        f"output:{act.port}" if isinstance(act, Output) else "in_port"
        for act in acts
        if isinstance(act, Output | Reflect)
    ]
    end = ", ".join(sent) or (ASKED if predicted.punted else "dropped")
    if predicted.output is None or end != real.ends:
        return end, real.ends
    ours, theirs = predicted.frame, real.frame
    changed = [field for field in _TOLD if ours.get(field, 0) != theirs.get(field, 0)]
    told = [" ".join(f"{f.name}={f.text(x.get(f, 0))}" for f in changed) for x in (ours, theirs)]
    return f"{end} {told[0]}".rstrip(), f"{real.ends} {told[1]}".rstrip()


def _onward(world: World, asked: Probe, real: Traced) -> Probe | None:
    """Return the probe for the other end of the tunnel, if the packet really went there."""
    tunnel = world.of(asked.host.name).get(asked.host.tunnel_port)
    if tunnel is None or real.output != tunnel:
        return None
    receiver = receiver_of(world.plan, real.frame)
    if receiver is None:
        return None
    ports, program = world.of(receiver.name), world.program(receiver.name)
    first = real.frame if asked.found is None else asked.new.frame
    new = simulate(program, from_tunnel(first, asked.host, receiver, ports))
    arrived = from_tunnel(real.frame, asked.host, receiver, ports)
    made = Probe(receiver, program, arrived, new)
    return made if asked.found is None else _standing(made, arrived)

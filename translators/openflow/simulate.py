"""A software model of the pipeline for packets of a connection's own direction.

It knows what our programs use: priorities, conjunctions, groups, connection tracking of a new
connection (or of one that it committed before) and NAT. The real bridge is the judge of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from translators.openflow.fields import (
    CONJ_ID,
    CT_DNAT,
    CT_ESTABLISHED,
    CT_LABEL,
    CT_MARK,
    CT_NEW,
    CT_STATE,
    CT_TRACKED,
    IP_PROTO,
    IP_TTL,
    IPV4_DST,
    IPV6_DST,
    TCP_DST,
    UDP_DST,
    Field,
    source_field,
)
from translators.openflow.flow import (
    Act,
    Conjunction,
    DecTtl,
    Flow,
    Group,
    Match,
    Metered,
    Move,
    Nat,
    Output,
    Program,
    Punt,
    Queued,
    Reflect,
    Resubmit,
    SetField,
    ToGroup,
    Track,
)
from translators.openflow.lookup import Frame, flows_of
from translators.openflow.tables import Table
from translators.plan.model import TCP

Find = Callable[[int, Frame], Flow | None]  # the flow that a table applies to a packet
REFLECTED = -1  # the output of a packet that went back to its own port


@dataclass(frozen=True, slots=True)
class Tracked:
    """What connection tracking finds: by default a connection that nobody has committed."""

    state: int = CT_NEW | CT_TRACKED
    mark: int = 0
    label: int = 0
    nat: Nat | None = None  # the recorded translation of the destination


@dataclass(frozen=True, slots=True)
class Trace:
    """What a bridge did: the flows met in order, the port it was sent to, the packet as it left."""

    flows: tuple[Flow, ...]
    output: int | None  # OpenFlow port; REFLECTED; None: dropped
    frame: Frame
    committed: Tracked | None = None  # what tracking is to find of its connection from now on
    punted: bool = False
    copies: tuple[int, ...] = ()  # the ports that copies of it were sent to
    queue: int = 0  # of the port by which it leaves

    def at(self, table: Table) -> Flow | None:
        """Return the flow that was met in a table."""
        return next((flow for flow in self.flows if flow.table == table), None)

    @property
    def decided(self) -> Flow:
        """The last flow met, which for a dropped packet is the one that dropped it."""
        return self.flows[-1]


def simulate(
    program: Program,
    frame: Frame,
    bucket: int = 0,
    found: Tracked | None = None,
    finding: Find | None = None,
) -> Trace:
    """Return what the program does with a packet; ``bucket`` counts through a group's choices.

    ``finding`` is a ``Lookup`` of the program, for whoever asks more than once.
    """
    finding = finding or partial(find, program)
    run = _Run(program, dict(frame), bucket, found or Tracked(), finding)
    run.lookup(Table.CLASSIFY)
    frame = run.frame if run.left is None else run.left
    copies = tuple(run.copies)
    met = tuple(run.met)
    return Trace(met, run.output, frame, run.committed, run.punted, copies, run.queue)


@dataclass(slots=True)
class _Run:
    program: Program
    frame: dict[Field, int]
    bucket: int
    found: Tracked
    find: Find
    met: list[Flow] = field(default_factory=list)
    output: int | None = None
    left: dict[Field, int] | None = None
    committed: Tracked | None = None
    punted: bool = False
    copies: list[int] = field(default_factory=list)
    queue: int = 0

    def lookup(self, table: int) -> None:
        flow = self.find(table, self.frame)
        if flow is None:
            raise ValueError(f"table {table} has no flow for everything else")
        self.met.append(flow)
        self.perform(flow.actions)
        if flow.goto is not None:
            self.lookup(flow.goto)

    def perform(self, actions: tuple[Act, ...]) -> None:
        for action in actions:
            self.act(action)

    def act(self, action: Act) -> None:
        match action:
            case SetField(target, value):
                self.frame[target] = value
            case Move(source, target, bits, first, to):
                kept = (1 << bits) - 1
                value = self.frame.get(source, 0) >> first & kept
                self.frame[target] = self.frame.get(target, 0) & ~(kept << to) | value << to
            case DecTtl():
                self.frame[IP_TTL] -= 1
            case Output() | Reflect() | Punt():
                self.send(action)
            case _:
                self.branch(action)

    def send(self, action: Output | Reflect | Punt) -> None:
        if isinstance(action, Punt):
            self.punted = True
            return
        port = action.port if isinstance(action, Output) else REFLECTED
        if self.met[-1].table == Table.MIRROR:
            self.copies.append(port)
            return
        self.output = port
        self.left = dict(self.frame)

    def branch(self, action: Act) -> None:
        match action:
            case Resubmit(table):
                self.lookup(table)
            case ToGroup(number):
                held = dict(self.frame)  # a bucket works on a copy of its own
                self.perform(self.choose(number))
                self.frame = held
            case Track():
                self.track(action)
            case Queued(number):
                self.queue = number
            case Conjunction():
                raise ValueError("a conjunction alone decides nothing")
            case _:
                assert isinstance(action, Metered)  # in which a single packet always finds room

    def choose(self, number: int) -> tuple[Act, ...]:
        group = group_of(self.program, number)
        return group.buckets[self.bucket % len(group.buckets)].actions

    def track(self, action: Track) -> None:
        if action.commit and action.execute:  # without a mark: the zone of what leaves
            self.commit(action)
        recorded = self.found.nat if action.nat is not None else None
        nat = action.nat if action.nat is not None and action.nat.address else recorded
        if nat is not None:
            self.translate(nat)
        if action.table is None:
            return
        self.frame[CT_STATE] = CT_NEW | CT_TRACKED if action.commit else self.found.state
        self.frame[CT_MARK], self.frame[CT_LABEL] = self.found.mark, self.found.label
        self.perform(action.execute)
        self.lookup(action.table)
        for written in (CT_STATE, CT_MARK, CT_LABEL):
            self.frame.pop(written, None)

    def commit(self, action: Track) -> None:
        held = dict(self.frame)
        self.frame[CT_MARK], self.frame[CT_LABEL] = self.found.mark, self.found.label
        self.perform(action.execute)
        mark, label = self.frame[CT_MARK], self.frame[CT_LABEL]
        nat = self.found.nat if action.nat is None else action.nat
        state = CT_ESTABLISHED | CT_TRACKED | (CT_DNAT if nat is not None else 0)
        self.committed, self.frame = Tracked(state, mark, label, nat), held

    def translate(self, nat: Nat) -> None:
        assert nat.address is not None
        if nat.source:
            self.frame[source_field(nat.address)] = int(nat.address)
            return
        self.frame[IPV4_DST if nat.address.version == 4 else IPV6_DST] = int(nat.address)
        self.frame[TCP_DST if self.frame.get(IP_PROTO) == TCP else UDP_DST] = nat.port


def group_of(program: Program, number: int) -> Group:
    """Return a group by number; raises KeyError where the program has none."""
    for group in program.groups:
        if group.number == number:
            return group
    raise KeyError(f"the program has no group {number}")


def find(program: Program, table: int, frame: Frame) -> Flow | None:
    """Return the flow that a table applies to a packet, conjunctions resolved."""
    clauses: dict[Conjunction, None] = {}
    priority = -1
    for flow in flows_of(program, table):
        if flow.priority != priority:
            if (decided := _conjoined(program, table, priority, clauses)) is not None:
                return decided
            clauses, priority = {}, flow.priority
        if not matches(flow.match, frame):
            continue
        met = [act for act in flow.actions if isinstance(act, Conjunction)]
        if not met:
            return flow
        clauses.update(dict.fromkeys(met))
    return _conjoined(program, table, priority, clauses)


def matches(tests: Match, frame: Frame) -> bool:
    """Whether a packet satisfies every test; one on a conjunction's id never holds by itself."""
    for tested, value, mask in tests:
        if tested is CONJ_ID:
            return False
        held = frame.get(tested, 0)
        if (held if mask is None else held & mask) != value:
            return False
    return True


def _conjoined(
    program: Program, table: int, priority: int, clauses: Mapping[Conjunction, None]
) -> Flow | None:
    for number in sorted({clause.id for clause in clauses}):
        met = {clause.clause for clause in clauses if clause.id == number}
        needed = next(clause.clauses for clause in clauses if clause.id == number)
        if len(met) == needed:
            key = (table, priority, ((CONJ_ID, number, None),))
            return next(flow for flow in flows_of(program, table) if flow.key == key)
    return None

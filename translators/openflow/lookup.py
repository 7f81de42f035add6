"""Which flow of a table a packet meets, without a look at those that it can have no part in.

The flows of one priority that test the same bits of the same fields stand in one dictionary, by
what they compare them with, as in the switch itself (tuple space search): a packet costs one step
for each priority and form of match, however many flows there are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from translators.openflow.fields import CONJ_ID, Field
from translators.openflow.flow import Conjunction, Flow, Program

Frame = Mapping[Field, int]  # what a packet carries; fields that it has not are 0
Form = tuple[tuple[Field, int | None], ...]  # the tested fields with their masks
Held = tuple[int, Flow]  # a flow, and where in the table it stands


@dataclass(slots=True)
class _Level:
    """The flows of one priority."""

    forms: dict[Form, dict[tuple[int, ...], list[Held]]] = field(default_factory=dict)
    conjoined: dict[int, Flow] = field(default_factory=dict)  # by the id that they ask for

    def take(self, place: int, flow: Flow) -> None:
        """Add a flow."""
        tests = flow.match
        if tests and tests[0][0] is CONJ_ID:
            self.conjoined[tests[0][1]] = flow
            return
        form = tuple((tested, mask) for tested, _, mask in tests)
        values = tuple(value for _, value, _ in tests)
        self.forms.setdefault(form, {}).setdefault(values, []).append((place, flow))

    def met(self, frame: Frame) -> list[Flow]:
        """Return the flows that a packet matches, in the table's order."""
        found: list[Held] = []
        for form, flows in self.forms.items():
            values = tuple(
                frame.get(tested, 0) if mask is None else frame.get(tested, 0) & mask
                for tested, mask in form
            )
            found += flows.get(values, ())
        found.sort(key=lambda held: held[0])
        return [flow for _, flow in found]

    def decided(self, met: Iterable[Flow]) -> Flow | None:
        """Return the flow of the first conjunction all of whose clauses were met."""
        clauses: dict[int, set[int]] = {}
        needed: dict[int, int] = {}
        for act in (act for flow in met for act in flow.actions):
            if isinstance(act, Conjunction):
                clauses.setdefault(act.id, set()).add(act.clause)
                needed.setdefault(act.id, act.clauses)
        whole = (one for one in sorted(clauses) if len(clauses[one]) == needed[one])
        number = next(whole, None)
        return None if number is None else self.conjoined[number]


class Lookup:
    """The tables of one program, each laid out once a packet asks for it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._tables: dict[int, tuple[_Level, ...]] = {}

    def find(self, table: int, frame: Frame) -> Flow | None:
        """Return the flow that a table applies to a packet, conjunctions resolved."""
        if table not in self._tables:
            self._tables[table] = _levels(flows_of(self.program, table))
        for level in self._tables[table]:
            met = level.met(frame)
            for flow in met:
                if not any(isinstance(act, Conjunction) for act in flow.actions):
                    return flow
            if met and (decided := level.decided(met)) is not None:
                return decided
        return None


def _levels(flows: Iterable[Flow]) -> tuple[_Level, ...]:
    levels: dict[int, _Level] = {}
    for place, flow in enumerate(flows):
        levels.setdefault(flow.priority, _Level()).take(place, flow)
    return tuple(levels[priority] for priority in sorted(levels, reverse=True))


def flows_of(program: Program, table: int) -> tuple[Flow, ...]:
    """Return a table's flows; a program is sorted by table and falling priority."""
    first = bisect_left(program.flows, table, key=lambda flow: flow.table)
    last = bisect_left(program.flows, table + 1, lo=first, key=lambda flow: flow.table)
    return program.flows[first:last]

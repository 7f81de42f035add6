"""Ordered decisions over sets of sources, as flows that grow with the sum of the sets.

``conjunction`` (ovs-actions(7)) makes a product of sets cost their sum. A second flow with the
same match would replace the first one's conjunctions, so flows that decisions of one priority
share are merged here. From one list of decisions to the next only those flows are made again that
a decision with another content, level or id has a part in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

from translators.openflow import decision as limits
from translators.openflow.cookie import Cause, cookie
from translators.openflow.decision import Decision
from translators.openflow.fields import CONJ_ID, SOURCE
from translators.openflow.flow import Conjunction, Flow, Item, Match, Test, match
from translators.openflow.levels import Key, Levels, levels
from translators.openflow.part import Part

Band = tuple[int, Sequence[Decision]]  # decisions in deciding order, at priorities above this
Clauses = tuple[tuple[Match, ...], ...]
Shared = tuple[int, Match]  # priority and match of a flow that decisions may share
Place = tuple[int, Key]  # number of the band, and the decision's key within it


@dataclass(frozen=True, slots=True)
class _Placed:
    """A decision where it stands, the flows that are its own, and its share in merged ones."""

    decision: Decision
    priority: int
    ids: tuple[int, ...]
    own: Part
    clauses: Mapping[Shared, tuple[Conjunction, ...]]


@dataclass(frozen=True, slots=True)
class Decided:
    """The flows of a table's decisions, and what the next ones can take over.

    ``come`` and ``gone`` are the parts by which it differs from the one that it ``follows``.
    """

    table: int
    bands: tuple[Levels, ...] = ()
    placed: Mapping[Place, _Placed] = field(default_factory=dict)
    sharing: Mapping[Shared, Mapping[Place, tuple[Conjunction, ...]]] = field(default_factory=dict)
    merged: Mapping[Shared, Part] = field(default_factory=dict)
    come: tuple[Part, ...] = ()
    gone: tuple[Part, ...] = ()
    token: object = field(default_factory=object, compare=False)
    follows: object = field(default=None, compare=False)

    @property
    def key(self) -> Hashable:
        """What it is known by."""
        return ("decided", self.table)

    @property
    def parts(self) -> Iterator[Part]:
        """All parts."""
        yield from (placed.own for placed in self.placed.values())
        yield from self.merged.values()

    @property
    def items(self) -> Iterator[Item]:
        """All flows."""
        return (item for part in self.parts for item in part.items)


def decide(table: int, *bands: Band, before: Decided | None = None) -> Decided:
    """Return a table's decisions, band above band; the result is the same without ``before``.

    Raises ValueError where more decisions stand in one another's way than there are priorities.
    """
    held = before or Decided(table)
    known = held.bands if len(held.bands) == len(bands) else (Levels(),) * len(bands)
    found = tuple(levels(_keyed(d), old) for (_, d), old in zip(bands, known, strict=True))
    if before is not None and all(new is old for new, old in zip(found, known, strict=True)):
        return before
    placed = {}
    ids = _Ids()
    for number, ((base, _), band) in enumerate(zip(bands, found, strict=True)):
        for key, decision in band.decisions.items():
            if (level := band.found[key]) > limits.BAND:
                raise ValueError(f"{level} rules in one order: a table holds at most {limits.BAND}")
            place = (number, key)
            kept = held.placed.get(place)
            placed[place] = _placed(table, decision, base + level, ids, kept)
    return _exchanged(held, found, placed)


def _keyed(decisions: Iterable[Decision]) -> dict[Key, Decision]:
    """Return the decisions that can match anything by rule number, and which of that number."""
    found: dict[Key, Decision] = {}
    counted: dict[int, int] = {}
    for decision in decisions:
        if decision.is_useful:
            which = counted[decision.number] = counted.get(decision.number, -1) + 1
            found[decision.number, which] = decision
    return found


class _Ids:
    """Conjunction ids: near the rule's number, so that they stay while other rules change.

    They are unique within a table: Open vSwitch looks a satisfied conjunction up at any priority.
    """

    def __init__(self) -> None:
        self._taken: set[int] = {0}

    def next(self, rule: int) -> int:
        number = rule << 1 & 0xFFFFFFFF
        while number in self._taken:
            number = number + 1 & 0xFFFFFFFF
        self._taken.add(number)
        return number


def _placed(
    table: int, decision: Decision, priority: int, ids: _Ids, before: _Placed | None
) -> _Placed:
    if before is not None and before.decision is decision:
        own = tuple(ids.next(decision.number) for _ in before.ids)
        if before.priority == priority and before.ids == own:
            return before
    else:
        own = tuple(ids.next(decision.number) for c in _full(decision) if _is_wide(c))
    flows: list[Flow] = []
    shares: dict[Shared, tuple[Conjunction, ...]] = {}
    numbers = iter(own)
    for clauses in _full(decision):
        if not _is_wide(clauses):
            for tests in product(*clauses):
                flows.append(_decided(table, priority, match(*_merged(tests)), decision))
            continue
        number = next(numbers)
        flows.append(_decided(table, priority, match((CONJ_ID, number)), decision))
        clauses = tuple(clause for clause in clauses if clause != ((),))
        for index, clause in enumerate(clauses):
            act = (Conjunction(number, index, len(clauses)),)
            for test in clause:
                shares[priority, test] = shares.get((priority, test), ()) + act
    part = before.own if before is not None else None
    if part is None or part.items != tuple(flows):
        part = Part(tuple(flows))
    return _Placed(decision, priority, own, part, shares)


def _full(decision: Decision) -> Iterator[Clauses]:
    """Yield the alternatives that some packet matches, the sources among their clauses."""
    sources = tuple(match((SOURCE, source)) for source in decision.sources)
    return ((sources, *clauses) for clauses in decision.alternatives if all(clauses))


def _is_wide(clauses: Clauses) -> bool:
    """Whether a conjunction costs fewer flows than the product."""
    sizes = [len(clause) for clause in clauses]
    return prod(sizes) > sum(sizes) + 1


def _merged(tests: Iterable[Match]) -> list[Test]:
    """Return the union of matches; clauses of one alternative agree where they overlap."""
    return list({test: None for part in tests for test in part})


def _decided(table: int, priority: int, tests: Match, decision: Decision) -> Flow:
    return Flow(table, priority, tests, decision.cookie, decision.actions, decision.goto)


def _exchanged(
    held: Decided, bands: tuple[Levels, ...], placed: Mapping[Place, _Placed]
) -> Decided:
    """Return what is decided now, with the merged flows made again that differ."""
    come, gone = list[Part](), list[Part]()
    sharing, merged = dict(held.sharing), dict(held.merged)
    touched: dict[Shared, dict[Place, tuple[Conjunction, ...]]] = {}
    for place in {**held.placed, **placed}:
        old, new = held.placed.get(place), placed.get(place)
        if old is new:
            continue
        if old is None or new is None or old.own is not new.own:
            gone += [] if old is None else [old.own]
            come += [] if new is None else [new.own]
        for shared, acts in _differing(old, new):
            part = touched.get(shared)
            if part is None:
                part = touched[shared] = dict(sharing.get(shared, ()))
            part.pop(place, None)
            if acts:
                part[place] = acts
    for shared, parts in touched.items():
        gone += [merged.pop(shared)] if shared in merged else []
        sharing[shared] = parts
        if parts:
            merged[shared] = Part((_clause(held.table, shared, parts),))
            come.append(merged[shared])
        else:
            del sharing[shared]
    token = held.token
    return Decided(
        held.table, bands, placed, sharing, merged, tuple(come), tuple(gone), follows=token
    )


def _differing(
    old: _Placed | None, new: _Placed | None
) -> Iterator[tuple[Shared, tuple[Conjunction, ...]]]:
    """Yield where a decision shares in other flows than before, and with what; (): no longer."""
    left = {} if old is None else old.clauses
    come = {} if new is None else new.clauses
    for shared, acts in come.items():
        if left.get(shared) != acts:
            yield shared, acts
    yield from ((shared, ()) for shared in left if shared not in come)


def _clause(table: int, shared: Shared, parts: Mapping[Place, tuple[Conjunction, ...]]) -> Flow:
    priority, tests = shared
    acts = sorted((act for acts in parts.values() for act in acts), key=lambda act: act.id)
    rules = {key[0] for _, key in parts}
    rule = rules.pop() if len(rules) == 1 else 0
    return Flow(table, priority, tests, cookie(Cause.CLAUSE, rule), tuple(acts))

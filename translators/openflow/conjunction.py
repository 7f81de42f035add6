"""Ordered decisions over sets of sources, as flows that grow with the sum of the sets.

``conjunction`` (ovs-actions(7)) makes a product of sets cost their sum. A second flow with the
same match would replace the first one's conjunctions, so flows that decisions of one priority
share are merged here. From one list of decisions to the next only those flows are made again that
a decision with another content, level or id has a part in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

from immutables import Map

from translators.openflow import decision as limits
from translators.openflow.decision import Decision, Key, source_match
from translators.openflow.fields import CONJ_ID
from translators.openflow.flow import Conjunction, Flow, Item, Match, Test, match
from translators.openflow.levels import Levels, levels
from translators.openflow.part import Part
from translators.openflow.ruled import Ruled
from translators.openflow.shares import Place, Share, Shared, Shares

# Decisions in deciding order, at priorities above this.
Band = tuple[int, Sequence[Decision] | Ruled]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A decision where it stands, the flows that are its own, and its share in merged ones.

    ``shares`` are the matches of merged flows by what it adds to them; ``heads`` are those of its
    sources.
    """

    decision: Decision
    priority: int
    ids: tuple[int, ...]
    own: Part
    shares: Mapping[Conjunction, tuple[Match, ...]]
    heads: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """The flows of a table's decisions, and what the next ones can take over.

    ``come`` and ``gone`` are the parts by which it differs from the one that it ``follows``.
    """

    table: int
    bands: tuple[Levels, ...] = ()
    placed: Mapping[Place, _Placed] = field(default_factory=dict)
    sharing: Map[Shared, Mapping[Place, tuple[Conjunction, ...]]] = field(default_factory=Map)
    merged: Map[Shared, Part] = field(default_factory=Map)
    come: tuple[Part, ...] = ()
    gone: tuple[Part, ...] = ()
    token: object = field(default_factory=object, compare=False)
    follows: object = field(default=None, compare=False)
    lines: tuple[object, ...] = field(default=(), compare=False)  # tokens of what bands came from

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
    lines = held.lines if len(held.lines) == len(bands) else (None,) * len(bands)
    pairs = zip((line for _, line in bands), known, lines, strict=True)
    found = tuple(_levels(*one) for one in pairs)
    for level in (max(band.found.values(), default=0) for band in found):
        if level > limits.BAND:
            raise ValueError(f"{level} rules in one order: a table holds at most {limits.BAND}")
    now = tuple(line.token if isinstance(line, Ruled) else None for _, line in bands)
    if before is not None and all(new is old for new, old in zip(found, known, strict=True)):
        if now == before.lines:
            return before
        return replace(before, lines=now, come=(), gone=(), follows=before.token)
    bases = tuple(base for base, _ in bands)
    places = _stand(table, held, found, bases)
    if places is None:
        places = _all(table, held, found, bases)
    return replace(_exchanged(held, found, places), lines=now)


def _levels(line: Sequence[Decision] | Ruled, before: Levels, token: object) -> Levels:
    if not isinstance(line, Ruled):
        return levels(_keyed(line), before)
    if token is not None and token is line.token:
        return before
    follows = token is not None and token is line.follows
    return levels(line.keyed, before, line.changed if follows else None)


def _stand(
    table: int, held: Decided, bands: tuple[Levels, ...], bases: tuple[int, ...]
) -> dict[Place, _Placed | None] | None:
    """Return the decisions that stand otherwise than before; None where ids may have moved."""
    if len(held.bands) != len(bands):
        return None
    found: dict[Place, _Placed | None] = {}
    for number, (base, band, old) in enumerate(zip(bases, bands, held.bands, strict=True)):
        if band is old:
            continue
        if list(band.decisions) != list(old.decisions):  # ids are given out in deciding order
            return None
        for key in band.moved:
            decision, kept = band.decisions[key], held.placed[number, key]
            if kept.decision is not decision and _wide(decision) != len(kept.ids):
                return None
            place = base + band.found[key]
            found[number, key] = _placed(table, decision, place, kept.ids, kept)
    return found


def _all(
    table: int, held: Decided, bands: tuple[Levels, ...], bases: tuple[int, ...]
) -> dict[Place, _Placed | None]:
    """Return all decisions as they stand, and those that stand no longer."""
    ids = _Ids()
    found: dict[Place, _Placed | None] = dict.fromkeys(held.placed)
    for number, (base, band) in enumerate(zip(bases, bands, strict=True)):
        for key, decision in band.decisions.items():
            kept = held.placed.get((number, key))
            same = kept is not None and kept.decision is decision
            count = len(kept.ids) if same and kept is not None else _wide(decision)
            own = tuple(ids.next(decision.number) for _ in range(count))
            found[number, key] = _placed(table, decision, base + band.found[key], own, kept)
    return found


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


def _wide(decision: Decision) -> int:
    """Return how many conjunction ids a decision needs."""
    sources = (decision.sources,)
    return sum(1 for one in decision.alternatives if all(one) and _is_wide((*sources, *one)))


def _placed(
    table: int, decision: Decision, priority: int, own: tuple[int, ...], before: _Placed | None
) -> _Placed:
    same = before is not None and before.decision is decision
    if before is not None and same and (before.priority, before.ids) == (priority, own):
        return before
    flows: list[Flow] = []
    shares: dict[Conjunction, tuple[Match, ...]] = {}
    numbers = iter(own)
    heads = _heads(decision, before)
    for clauses in ((heads, *one) for one in decision.alternatives if all(one)):
        if not _is_wide(clauses):
            for tests in product(*clauses):
                flows.append(_decided(table, priority, match(*_merged(tests)), decision))
            continue
        number = next(numbers)
        flows.append(_decided(table, priority, match((CONJ_ID, number)), decision))
        clauses = tuple(clause for clause in clauses if clause != ((),))
        for index, clause in enumerate(clauses):
            shares[Conjunction(number, index, len(clauses))] = clause
    part = before.own if before is not None else None
    if part is None or part.items != tuple(flows):
        part = Part(tuple(flows))
    return _Placed(decision, priority, own, part, shares, heads)


def _heads(decision: Decision, before: _Placed | None) -> tuple[Match, ...]:
    """Return the matches of a decision's sources: those of before for the same ones."""
    if before is not None and before.decision.sources is decision.sources:
        return before.heads
    return tuple(map(source_match, decision.sources))


def _is_wide(clauses: Iterable[Sized]) -> bool:
    """Whether a conjunction costs fewer flows than the product."""
    sizes = [len(clause) for clause in clauses]
    return prod(sizes) > sum(sizes) + 1


def _merged(tests: Iterable[Match]) -> list[Test]:
    """Return the union of matches; clauses of one alternative agree where they overlap."""
    return list({test: None for part in tests for test in part})


def _decided(table: int, priority: int, tests: Match, decision: Decision) -> Flow:
    return Flow(table, priority, tests, decision.cookie, decision.actions, decision.goto)


def _exchanged(
    held: Decided, bands: tuple[Levels, ...], places: Mapping[Place, _Placed | None]
) -> Decided:
    """Return what is decided now, with the merged flows made again that differ."""
    come, gone = list[Part](), list[Part]()
    shares = Shares(held.table, held.sharing, held.merged)
    placed = dict(held.placed)
    for place, new in places.items():
        old = placed.pop(place, None) if new is None else placed.get(place)
        if new is not None:
            placed[place] = new
        if old is new:
            continue
        if old is None or new is None or old.own is not new.own:
            gone += [] if old is None else [old.own]
            come += [] if new is None else [new.own]
        shares.exchange(place, _share(old), _share(new))
    sharing, merged, came, went = shares.finish()
    found = (placed, sharing, merged, (*come, *came), (*gone, *went))
    return Decided(held.table, bands, *found, follows=held.token)


def _share(one: _Placed | None) -> Share | None:
    return None if one is None else (one.priority, one.shares)

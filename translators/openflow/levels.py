"""Which decisions must stand above which: found anew only where a changed decision is met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import heapify, heappop, heappush

from translators.openflow.decision import Decision, Key
from translators.openflow.fields import Field
from translators.openflow.flow import Match, Test
from translators.openflow.rivals import Reach, Rivals

_KEPT = 8  # sets of sources that a change asks about, and the next one may again
_FEW = 1024  # values of a masked test that are told apart one by one


@dataclass(frozen=True, slots=True)
class Levels:
    """The level of each of a list of decisions, and what the next list's are found by.

    A decision's level is above that of every later decision that some packet shares with it, and
    as low as that allows. Decisions about different packets share levels, so that a change moves
    few flows.
    """

    found: Mapping[Key, int] = field(default_factory=dict)
    decisions: Mapping[Key, Decision] = field(default_factory=dict)
    reaches: Mapping[Key, tuple[Reach, ...]] = field(default_factory=dict)
    by_source: Mapping[int, frozenset[Key]] = field(default_factory=dict)
    moved: frozenset[Key] = frozenset()  # with another level or decision than before
    near: Mapping[tuple[int, ...], Set[Key]] = field(default_factory=dict)  # who has any of these


def levels(
    decisions: Mapping[Key, Decision], before: Levels = Levels(), known: Set[Key] | None = None
) -> Levels:
    """Return the levels of decisions in deciding order.

    Those found ``before`` spare the work for decisions that nothing changed meets. ``known`` are
    the keys of other decisions, where all else is known to be as it was.
    """
    if known is not None:
        return _Search(before, decisions, set(known), ()).run() if known else before
    changed = {key for key, one in decisions.items() if before.decisions.get(key) is not one}
    gone = before.decisions.keys() - decisions.keys()
    if not _same_order(before.decisions, decisions):
        before, changed, gone = Levels(), set(decisions), set()
    if not changed and not gone:
        return before
    return _Search(before, decisions, changed, gone).run()


def _same_order(old: Mapping[Key, Decision], new: Mapping[Key, Decision]) -> bool:
    kept = [key for key in old if key in new]
    return kept == [key for key in new if key in old]


class _Search:
    """Goes from the last decision that may have another level to the first."""

    def __init__(
        self,
        before: Levels,
        decisions: Mapping[Key, Decision],
        changed: set[Key],
        gone: Iterable[Key],
    ) -> None:
        self._before = before
        self._decisions = decisions
        self._changed = changed
        self._left = {*(key for key in changed if key in before.decisions), *gone}
        self._place = {key: place for place, key in enumerate(decisions)}
        self._keys = tuple(decisions)
        self._reaches, self._found = dict(before.reaches), dict(before.found)
        for key in self._left:
            del self._reaches[key], self._found[key]
        self._reaches.update((key, reach_of(decisions[key])) for key in changed)
        self._by_source = _exchanged(before, self._left, decisions, changed)
        self._known = before.near if self._by_source is before.by_source else {}
        self._near: dict[tuple[int, ...], Set[Key]] = {}  # who has any of these sources
        self._narrow: dict[tuple[int, ...], Rivals | None] = {}  # of those; None: asked once
        self._moved = set(changed)
        self._pending = set(changed)
        self._due = [-self._place[key] for key in changed]
        heapify(self._due)

    def run(self) -> Levels:
        """Return the levels of all."""
        for key in self._left:
            self._leave(key)
        while self._due:
            key = self._keys[-heappop(self._due)]
            self._pending.discard(key)
            self._settle(key)
        moved = frozenset(self._moved)
        near = self._near if len(self._near) <= _KEPT else {}
        return Levels(self._found, self._decisions, self._reaches, self._by_source, moved, near)

    def _leave(self, key: Key) -> None:
        """Look again at those that stood where they did because of what has gone."""
        level, reach = self._before.found[key], self._before.reaches[key]
        for rival in self._rivals(self._before.decisions[key]) - self._pending:
            if self._found[rival] == level + 1 and meet(reach, self._reaches[rival]):
                self._look_again(rival)

    def _settle(self, key: Key) -> None:
        """Give a decision its level, and look again at those before it that this concerns."""
        places, found, reaches = self._place, self._found, self._reaches
        place, reach = places[key], reaches[key]
        rivals = self._facing(self._decisions[key], reach)
        level = 1
        for rival in rivals:
            if places[rival] > place and found[rival] >= level and meet(reach, reaches[rival]):
                level = found[rival] + 1
        left = found.get(key)
        found[key] = level
        if level == left:
            return
        self._moved.add(key)
        for rival in rivals - self._pending:
            held = found[rival]
            near = held <= level or (left is not None and held == left + 1)
            if near and places[rival] < place and meet(reach, reaches[rival]):
                self._look_again(rival)

    def _rivals(self, decision: Decision) -> Set[Key]:
        """Return the decisions that share a source with one."""
        sources, held = decision.sources, self._by_source
        found = self._near.get(sources)
        if found is None:
            found = self._known.get(sources)
            if found is None:
                found = set[Key]().union(*(held[s] for s in sources if s in held))
            self._near[sources] = found
        return found

    def _facing(self, decision: Decision, reach: Sequence[Reach]) -> Set[Key]:
        """Return those of its rivals that a decision may meet, and few others.

        An index costs as much as to look at all of them: it is made for who asks again.
        """
        rivals, sources = self._rivals(decision), decision.sources
        known = self._narrow.get(sources)
        if known is None and sources in self._narrow:
            known = self._narrow[sources] = Rivals(rivals, self._reaches)
        elif known is None:
            self._narrow[sources] = None
        return rivals if known is None else known.of(reach)

    def _look_again(self, key: Key) -> None:
        self._pending.add(key)
        heappush(self._due, -self._place[key])


def _exchanged(
    before: Levels, left: Set[Key], decisions: Mapping[Key, Decision], come: Set[Key]
) -> Mapping[int, frozenset[Key]]:
    """Return the decisions by source without those that left, and with those that came."""
    parts: dict[int, set[Key]] = {}
    stay = {k for k in come if k in left and before.decisions[k].sources == decisions[k].sources}
    for key in left - stay:
        for source in before.decisions[key].sources:
            parts.setdefault(source, set(before.by_source[source])).discard(key)
    for key in come - stay:
        for source in decisions[key].sources:
            if source not in parts:
                parts[source] = set(before.by_source.get(source, ()))
            parts[source].add(key)
    if not parts:
        return before.by_source
    found = {**before.by_source, **{s: frozenset(keys) for s, keys in parts.items()}}
    for source in [s for s, keys in parts.items() if not keys]:
        del found[source]
    return found


def reach_of(decision: Decision) -> tuple[Reach, ...]:
    """Return for each alternative the values that it can match, of fields where they are few."""
    found = []
    for clauses in decision.alternatives:
        if not all(clauses):
            continue
        reach: dict[Field, frozenset[int]] = {}
        for clause in clauses:
            reach |= _reach_of(clause)
        found.append(dict(sorted(reach.items(), key=_size)))
    return tuple(found)


def _size(known: tuple[Field, frozenset[int]]) -> int:
    """Sort fields of few values first: what tells most alternatives apart costs least."""
    return len(known[1])


@lru_cache(maxsize=16_384)  # many rules are about the same destinations
def _reach_of(clause: tuple[Match, ...]) -> Reach:
    known = [{test[0]: few for test in tests if (few := _values(test))} for tests in clause]
    fields = set(known[0]).intersection(*known)
    return {one: frozenset(v for values in known for v in values[one]) for one in fields}


def _values(test: Test) -> Sequence[int]:
    """Return what a test can match, if it is one value or a short aligned range; else nothing."""
    _, value, mask = test
    if mask is None:
        return (value,)
    free = mask ^ 0xFFFFFFFF
    return range(value, value + free + 1) if free < _FEW and not free & (free + 1) else ()


def meet(left: Iterable[Reach], right: Sequence[Reach]) -> bool:
    """Whether some packet may match an alternative of each; True where that cannot be told."""
    for one in left:
        for two in right:
            if not _apart(one, two):
                return True
    return False


def _apart(one: Reach, two: Reach) -> bool:
    for field_, values in one.items():
        other = two.get(field_)
        if other is not None and values.isdisjoint(other):
            return True
    return False

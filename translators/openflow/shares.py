"""Flows that decisions share: what each adds to them, and which of them change as decisions do.

Many decisions are about the same sources, or the same destinations. What comes is therefore put
together for each set of matches first, and then for each of its matches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter

from immutables import Map

from translators.openflow.cookie import Cause, cookie
from translators.openflow.decision import Key
from translators.openflow.flow import Conjunction, Flow, Match
from translators.openflow.part import Part

Shared = tuple[int, Match]  # priority and match of a flow that decisions may share
Place = tuple[int, Key]  # number of the band, and the decision's key within it
Acts = Mapping[Place, tuple[Conjunction, ...]]  # what each decision adds to one flow
Share = tuple[int, Mapping[Conjunction, tuple[Match, ...]]]  # a priority; matches by what is added
Finished = tuple[Map[Shared, Acts], Map[Shared, Part], list[Part], list[Part]]

_SORTED = attrgetter("id", "clause")


class Shares:
    """The shared flows of a table while decisions come, go and move."""

    def __init__(self, table: int, sharing: Map[Shared, Acts], merged: Map[Shared, Part]) -> None:
        """Begin with what decisions share already, and the flows that they make together."""
        self._table = table
        self._sharing, self._merged = sharing, merged
        self._touched: dict[Shared, dict[Place, tuple[Conjunction, ...]]] = {}
        self._coming: dict[tuple[int, tuple[Match, ...]], dict[Place, tuple[Conjunction, ...]]] = {}

    def exchange(self, place: Place, old: Share | None, new: Share | None) -> None:
        """Let a decision have another share than it had; None: no share."""
        if old is not None:
            for shared, act, comes in _differing(old, new):
                self._exchange(place, shared, act, comes)
        elif new is not None:
            priority, shares = new
            for act, clause in shares.items():
                acts = self._coming.setdefault((priority, clause), {})
                acts[place] = (*acts.get(place, ()), act)

    def _exchange(self, place: Place, shared: Shared, act: Conjunction, comes: bool) -> None:
        part = self._touched.get(shared)
        if part is None:
            part = self._touched[shared] = dict(self._sharing.get(shared, ()))
        acts = tuple(one for one in part.pop(place, ()) if one != act)
        if comes or acts:
            part[place] = (*acts, act) if comes else acts

    def finish(self) -> Finished:
        """Return what decisions share now, their flows, and those that came and went."""
        come, gone = list[Part](), list[Part]()
        sharing, merged = self._sharing.mutate(), self._merged.mutate()
        self._take_in()
        made: dict[int, tuple[int, tuple[Conjunction, ...]]] = {}  # what is touched keeps its id
        for shared, acts in self._touched.items():
            gone += [merged.pop(shared)] if shared in merged else []
            if not acts:
                sharing.pop(shared, None)
                continue
            known = made.get(id(acts))
            if known is None:
                known = made[id(acts)] = _together(acts)
            part = Part((Flow(self._table, *shared, *known),))
            sharing[shared], merged[shared] = acts, part
            come.append(part)
        return sharing.finish(), merged.finish(), come, gone

    def _take_in(self) -> None:
        """Add what comes to each of its matches; those that have nothing else have it in common."""
        common = set[Shared]()
        for (priority, clause), coming in self._coming.items():
            for test in clause:
                shared = (priority, test)
                part = self._touched.get(shared)
                if part is None and shared not in self._sharing:
                    self._touched[shared] = coming
                    common.add(shared)
                    continue
                if part is None or shared in common:
                    part = self._touched[shared] = dict(part or self._sharing[shared])
                    common.discard(shared)
                for place, acts in coming.items():
                    part[place] = (*part.get(place, ()), *acts)


def _together(acts: Acts) -> tuple[int, tuple[Conjunction, ...]]:
    """Return the cookie and the actions of a flow to which decisions add these."""
    rules = {key[0] for _, key in acts}
    rule = rules.pop() if len(rules) == 1 else 0
    every = sorted((act for own in acts.values() for act in own), key=_SORTED)
    return cookie(Cause.CLAUSE, rule), tuple(every)


def _differing(old: Share, new: Share | None) -> Iterator[tuple[Shared, Conjunction, bool]]:
    """Yield in which shared flows a decision shares otherwise than before, and whether it comes."""
    stays = new is not None and old[0] == new[0]
    for one, other, comes in ((old, new, False), (new, old, True)):
        if one is None:
            continue
        held = other[1] if stays and other is not None else {}
        for act, clause in one[1].items():
            known = held.get(act, ())
            if clause == known:
                continue
            same = frozenset(known)
            yield from (((one[0], test), act, comes) for test in clause if test not in same)

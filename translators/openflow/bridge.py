"""What one host's bridge should hold, as bytes, and how that changes as the plan does.

A bridge takes over what was made of an earlier plan: whole, where its share of the plan is the
same; else each feature's parts and decisions of which nothing has changed. The result is that of
translating the plan from nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from immutables import Map

from translators.openflow.conjunction import Decided
from translators.openflow.each import Each
from translators.openflow.flow import Item, Program, program
from translators.openflow.news import News, news
from translators.openflow.part import Entry, Memory, Part, Place
from translators.openflow.share import meets
from translators.openflow.site import Site
from translators.openflow.translate import FEATURES, Feature
from translators.plan.model import Plan

Carried = Decided | Each  # what knows by which parts it differs from the last
Change = tuple[Entry | None, Entry | None]  # before and after


@dataclass(frozen=True, slots=True)
class _Section:
    """What one feature contributes."""

    parts: Mapping[Part, None] = field(default_factory=dict)
    carried: tuple[Carried, ...] = ()


@dataclass(frozen=True, slots=True)
class Bridge:
    """Everything of ours that a host's bridge should hold, with what it was made of."""

    site: Site = field(repr=False)
    entries: Map[Place, Entry] = field(repr=False)
    changes: Mapping[Place, Change] = field(repr=False)  # since the bridge it was made from, if any
    sections: Mapping[str, _Section] = field(repr=False)
    again: Map[Place, int] = field(repr=False)  # how many more parts have this entry

    def holds(self, ports: Mapping[str, int], since: News) -> bool:
        """Whether a plan with this news, and these ports, lead to the same."""
        if self.site.ports != ports:
            return False
        if not since.parts:
            return True
        if since.parts != {"rules"} or since.reordered:
            return False
        return not any(meets(self.site, rule) for rule in since.rules)

    @property
    def program(self) -> Program:
        """The same as flows, groups and meters, made of its parts; ``translate`` finds no other."""
        sections = self.sections.values()
        carried = (part for section in sections for one in section.carried for part in one.parts)
        return program((*(part for section in sections for part in section.parts), *carried))

    def of(self, plan: Plan) -> Bridge:
        """Return it as what another plan leads to, to which it ``holds``."""
        return replace(self, site=self.site.of(plan))


def bridge_of(
    plan: Plan,
    host: str,
    ports: Mapping[str, int],
    before: Bridge | None = None,
    since: News | None = None,
) -> Bridge:
    """Return a host's bridge; what was made ``before`` spares the work for what is the same.

    ``since`` is the news of the plan, for whoever has worked them out already. Raises ValueError
    where the plan does not fit into a bridge's priorities.
    """
    site, kept = _site(plan, host, ports, before, since)
    sections = {f.name: _section(f, site, kept) for f in FEATURES}
    held = {} if before is None else before.sections
    come, gone = list[Part](), list[Part]()
    for feature in FEATURES:
        came, went = _exchange(held.get(feature.name, _Section()), sections[feature.name])
        for part in came:
            feature.check(part.items)
        come += came
        gone += went
    site.memory.close()
    tally = _Tally(before)
    tally.remove(gone)
    tally.add(come)
    changes = {} if before is None else tally.changes()  # else all there is, and nobody asks
    return Bridge(site, tally.entries.finish(), changes, sections, tally.again.finish())


def _site(
    plan: Plan, host: str, ports: Mapping[str, int], before: Bridge | None, since: News | None
) -> tuple[Site, Bridge | None]:
    """Return the site, and what was made before if it stands on the same ground."""
    if before is None:
        return Site(plan, plan.host[host], dict(ports)), None
    found = since or news(before.site.plan, plan)
    site = Site(plan, plan.host[host], dict(ports), news=found, before=before.site)
    if before.site.ground != site.ground:
        return site, None
    return site.recalling(Memory(before.site.memory.made)), before


def _section(feature: Feature, site: Site, kept: Bridge | None) -> _Section:
    if kept is not None and not feature.depends(site.news.parts):
        site.memory.keep(feature.name)
        return kept.sections[feature.name]
    parts: dict[Part, None] = {}
    bare: list[Item] = []
    carried: list[Carried] = []
    for one in feature.made(site):
        if isinstance(one, Part):
            parts[one] = None
        elif isinstance(one, Decided | Each):
            carried.append(one)
        else:
            bare.append(one)
    if bare:
        items = tuple(bare)
        parts[site.memory.recall("bare", (items,), lambda: Part(items))] = None
    return _Section(parts, tuple(carried))


def _exchange(old: _Section, new: _Section) -> tuple[list[Part], list[Part]]:
    """Return the parts that came and those that went."""
    come = [part for part in new.parts if part not in old.parts]
    gone = [part for part in old.parts if part not in new.parts]
    then = {one.key: one for one in old.carried}
    for one in new.carried:
        left = then.pop(one.key, None)
        if left is one:
            continue
        if left is not None and one.follows is left.token:
            come += one.come
            gone += one.gone
        else:
            come += one.parts
            gone += () if left is None else left.parts
    return come, [*gone, *(part for one in then.values() for part in one.parts)]


class _Tally:
    """The entries of all parts; equal ones of several parts are one entry."""

    def __init__(self, before: Bridge | None) -> None:
        held = (Map[Place, Entry](), Map[Place, int]())
        entries, again = held if before is None else (before.entries, before.again)
        self.entries, self.again = entries.mutate(), again.mutate()
        self._first: dict[Place, Entry | None] = {}  # of those that were touched, as they were

    def remove(self, parts: Iterable[Part]) -> None:
        """Take entries away that no other part has."""
        for part in parts:
            for place, _ in part.entries:
                if more := self.again.pop(place, 0):
                    if more > 1:
                        self.again[place] = more - 1
                else:
                    self._first.setdefault(place, self.entries.pop(place))

    def add(self, parts: Iterable[Part]) -> None:
        """Add entries; two that differ in one place are a bug of a feature."""
        for part in parts:
            for place, entry in part.entries:
                held = self.entries.get(place)
                if held is None:
                    self._first.setdefault(place, None)
                    self.entries[place] = entry
                elif held == entry:
                    self.again[place] = self.again.get(place, 0) + 1
                else:
                    raise ValueError(f"two flows share one match: {held!r} and {entry!r}")

    def changes(self) -> dict[Place, Change]:
        """Return what is other than it was, by place."""
        found = ((place, (old, self.entries.get(place))) for place, old in self._first.items())
        return {place: change for place, change in found if change[0] != change[1]}

"""What differs between two plans, object by object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from translators.plan.canonical import plain
from translators.plan.lineage import unlike
from translators.plan.model import Capture, Placement, Plan

_PARTS = {
    "tenants": "tenant",
    "segments": "segment",
    "hosts": "host",
    "endpoints": "endpoint",
    "services": "service",
    "rules": "rule",
    "captures": "capture",
    "placements": "placement",
    "switches": "switch",
    "links": "link",
    "raw_resources": "raw resource",
    "raw_patches": "raw patch",
}


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One object that differs; ``detail`` says in which fields, ``old -> new``."""

    kind: str
    name: str
    change: str  # "added", "removed", "changed"
    detail: str = ""

    def __str__(self) -> str:
        sign = {"added": "+", "removed": "-", "changed": "~"}[self.change]
        return f"{sign} {self.kind} {self.name}" + (f": {self.detail}" if self.detail else "")


def diff(old: Plan, new: Plan) -> tuple[Change, ...]:
    """Return every change, sorted; moving an object in its file is none, reordering rules is."""
    found: list[Change] = []
    for part, kind in _PARTS.items():
        before, after = unlike(old, new, part)
        found.extend(_part(kind, _named(before), _named(after)))
    for name, place in _moves(old, new).items():
        found.append(Change("rule", name, "changed", place))
    return _sorted(found)


def _sorted(found: list[Change]) -> tuple[Change, ...]:
    """Return changes in order, those of fields and of the place of one rule as one."""
    whole: dict[tuple[str, str, str], Change] = {}
    for one in found:
        key = (one.kind, one.name, one.change)
        known = whole.get(key)
        detail = one.detail if known is None else f"{known.detail}; {one.detail}"
        whole[key] = Change(*key, detail)
    return tuple(sorted(whole.values()))


def _named(things: Iterable[Any]) -> dict[str, Any]:
    return {_name(thing): thing for thing in things}


def _name(thing: Any) -> str:
    if isinstance(thing, Capture):
        return f"{thing.service}:{thing.port}"
    if isinstance(thing, Placement):
        return f"{thing.rule} at {thing.layer}"
    return str(thing.name)


def _part(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in old.keys() - new.keys():
        yield Change(kind, name, "removed")
    for name in new.keys() - old.keys():
        yield Change(kind, name, "added")
    for name in old.keys() & new.keys():
        if details := "; ".join(_details(old[name], new[name])):
            yield Change(kind, name, "changed", details)


def _details(old: Any, new: Any) -> Iterator[str]:
    for name in sorted(f.name for f in fields(old) if f.init and f.repr and f.name != "origin"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now and (before := _spelled(was)) != (after := _spelled(now)):
            yield f"{name}: {_shown(before)} -> {_shown(after)}"


def _spelled(value: Any) -> Any:
    return None if value == () else plain(value)


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moves(old: Plan, new: Plan) -> Mapping[str, str]:
    """Return the rules whose place among the rules that both plans have is another."""
    was = [name for name in old.rule if name in new.rule]
    now = [name for name in new.rule if name in old.rule]
    if was == now:
        return {}
    after = {name: place for place, name in enumerate(now, start=1)}
    places = enumerate(was, start=1)
    return {n: f"order: {place} -> {after[n]}" for place, n in places if place != after[n]}

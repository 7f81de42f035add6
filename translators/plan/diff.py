"""What differs between two plans, object by object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from translators.plan.canonical import plain
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
        before, after = getattr(old, part), getattr(new, part)
        if before is not after:
            found.extend(_part(kind, _named(before), _named(after)))
    return tuple(sorted(found))


def _named(things: Sequence[Any]) -> dict[str, Any]:
    return {_name(thing): thing for thing in things}


def _name(thing: Any) -> str:
    if isinstance(thing, Capture):
        return f"{thing.service}:{thing.port}"
    if isinstance(thing, Placement):
        return f"{thing.rule} at {thing.layer}"
    return str(thing.name)


def _fields(thing: Any) -> dict[str, Any]:
    return {name: value for name, value in plain(thing).items() if name != "origin"}


def _part(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in old.keys() - new.keys():
        yield Change(kind, name, "removed")
    for name in new.keys() - old.keys():
        yield Change(kind, name, "added")
    both = old.keys() & new.keys()
    moved = _moves(old, new) if kind == "rule" else {}
    for name in both:
        details = [*moved.get(name, ())]
        # Spelling out what is equal would take most of the time.
        if old[name] is not new[name] and old[name] != new[name]:
            details = [*_details(_fields(old[name]), _fields(new[name])), *details]
        if details:
            yield Change(kind, name, "changed", "; ".join(details))


def _details(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for field in sorted(old.keys() | new.keys()):
        before, after = old.get(field), new.get(field)
        if before != after:
            yield f"{field}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moves(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str]]:
    """Return the rules whose place among the rules that both plans have is another."""
    before = {name: place for place, name in enumerate(n for n in old if n in new)}
    after = {name: place for place, name in enumerate(n for n in new if n in old)}
    return {
        name: (f"order: {before[name] + 1} -> {after[name] + 1}",)
        for name in before
        if before[name] != after[name]
    }

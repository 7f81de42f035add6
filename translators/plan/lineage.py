"""What a plan takes over from the one before it, and in which objects the two differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from translators.plan.model import Plan

Things = tuple[Any, ...]
_by_name = attrgetter("name")
# How the objects of a part are looked up: the plan's attribute, and an object's key there.
_LOOKUPS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "tenants": ("tenant", _by_name),
    "segments": ("segment", _by_name),
    "hosts": ("host", _by_name),
    "endpoints": ("endpoint", _by_name),
    "services": ("service", _by_name),
    "captures": ("captured", attrgetter("service", "port")),
    "rules": ("rule", _by_name),
}


@dataclass(frozen=True, slots=True)
class Lineage:
    """What is known of a plan's parts when it is made, by part; of others it is worked out.

    ``known`` are objects by name; ``since`` are a part as it was before, and the names of those
    objects that may be others, have come or gone.
    """

    known: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    since: Mapping[str, tuple[Things, Iterable[str]]] = field(default_factory=dict)


def lookups(plan: Plan, lineage: Lineage) -> dict[str, Mapping[Any, Any]]:
    """Return a plan's objects by name, by the attribute that holds them."""
    found = {}
    for part, (attribute, key) in _LOOKUPS.items():
        known = lineage.known.get(part)
        things = getattr(plan, part)
        found[attribute] = {key(one): one for one in things} if known is None else known
    return found


def differing(old: Plan, new: Plan, part: str) -> frozenset[Any]:
    """Return the names of a part's objects that came, went or changed."""
    was, now = getattr(old, part), getattr(new, part)
    if was is now:
        return frozenset()
    attribute, _ = _LOOKUPS[part]
    had: Mapping[Any, Any] = getattr(old, attribute)
    has: Mapping[Any, Any] = getattr(new, attribute)
    before, names = new.lineage.since.get(part, (None, ()))
    if before is not was:
        names = [key for key, one in has.items() if had.get(key) is not one]
        names += [key for key in had if key not in has]
    return frozenset(key for key in names if had.get(key) != has.get(key))


def unlike(old: Plan, new: Plan, part: str) -> tuple[list[Any], list[Any]]:
    """Return the objects of a part that only one of two plans has: of the old one, of the new."""
    was, now = getattr(old, part), getattr(new, part)
    if was is now:
        return [], []
    if part in _LOOKUPS:
        had, has = (getattr(plan, _LOOKUPS[part][0]) for plan in (old, new))
        names = differing(old, new, part)
        return [had[n] for n in names if n in had], [has[n] for n in names if n in has]
    kept = {id(one) for one in was} & {id(one) for one in now}
    return [one for one in was if id(one) not in kept], [one for one in now if id(one) not in kept]

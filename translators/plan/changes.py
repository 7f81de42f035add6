"""Which objects of a plan are others than in an earlier one, for those who keep what they made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from translators.plan.model import Plan

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of objects that came, went or changed.

    ``services`` are all of which anything changed: the service itself, an endpoint of it, the
    rules that may concern it or their order.
    """

    tenants: frozenset[str]
    hosts: frozenset[str]
    endpoints: frozenset[str]
    services: frozenset[str]
    captures: frozenset[tuple[str, int]]


def changes(old: Plan, new: Plan) -> Changes:
    """Return what differs. Objects that are the same one cost next to nothing."""
    endpoints = set(_differing(old.endpoint, new.endpoint))
    services = set(_differing(old.service, new.service))
    for plan in (old, new):
        services.update(name for e in endpoints for name in plan.index.offering.get(e, ()))
    return Changes(
        _differing(old.tenant, new.tenant),
        _differing(old.host, new.host),
        frozenset(endpoints),
        frozenset(services | _ruled(old, new)),
        _differing(old.captured, new.captured),
    )


def _differing(old: Mapping[K, V], new: Mapping[K, V]) -> frozenset[K]:
    found = {key for key, value in new.items() if (o := old.get(key)) is not value and o != value}
    return frozenset(found | (old.keys() - new.keys()))


def _ruled(old: Plan, new: Plan) -> set[str]:
    """Return the services about which other rules decide, or in another order."""
    if old.rules is new.rules:
        return set()
    found: set[str] = set()
    rules = _differing(old.rule, new.rule)
    for plan in (old, new):
        known = [plan.rule[name] for name in rules if name in plan.rule]
        found.update(service for rule in known for service in plan.index.concerned(rule))
    for name in new.service.keys() & old.service.keys():
        if old.index.about(old.service[name]) != new.index.about(new.service[name]):
            found.add(name)
    return found

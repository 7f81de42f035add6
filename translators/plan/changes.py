"""Which objects of a plan are others than in an earlier one, for those who keep what they made."""

from __future__ import annotations

from dataclasses import dataclass

from translators.plan.lineage import differing
from translators.plan.model import Plan


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
    endpoints = differing(old, new, "endpoints")
    services = set(differing(old, new, "services"))
    for plan in (old, new):
        services.update(name for e in endpoints for name in plan.index.offering.get(e, ()))
    return Changes(
        differing(old, new, "tenants"),
        differing(old, new, "hosts"),
        endpoints,
        frozenset(services | _ruled(old, new)),
        differing(old, new, "captures"),
    )


def _ruled(old: Plan, new: Plan) -> set[str]:
    """Return the services about which other rules decide, or in another order."""
    if old.rules is new.rules:
        return set()
    found: set[str] = set()
    rules = differing(old, new, "rules")
    for plan in (old, new):
        known = [plan.rule[name] for name in rules if name in plan.rule]
        found.update(service for rule in known for service in plan.index.concerned(rule))
    for name in new.service.keys() & old.service.keys():
        if old.index.about(old.service[name]) != new.index.about(new.service[name]):
            found.add(name)
    return found

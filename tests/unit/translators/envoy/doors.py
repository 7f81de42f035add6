"""Doors and groups of the shop's proxy, for the tests of this folder."""

from dataclasses import replace

from tests.plans import shop_plan
from translators.envoy.groups import Door, Group, groups
from translators.plan.model import AppProtocol, Plan


def with_rules(plan: Plan, *rules: object) -> Plan:
    """Return the plan with other rules."""
    return _with(plan, rules=rules)


def _with(plan: Plan, **changed: object) -> Plan:
    names = ("tenants", "segments", "hosts", "endpoints", "services", "rules", "captures")
    return Plan(**{name: getattr(plan, name) for name in names} | changed)  # type: ignore[arg-type]


def with_captured(plan: Plan, *sources: str) -> Plan:
    """Return the plan with these sources of its one capture."""
    return _with(plan, captures=(replace(plan.captures[0], sources=sources),))


def with_captures(plan: Plan, *captures: object) -> Plan:
    """Return the plan with other captures."""
    return _with(plan, captures=captures)


def with_protocol(plan: Plan, protocol: AppProtocol) -> Plan:
    """Return the plan with services that speak another protocol."""
    services = tuple(
        replace(s, ports=tuple(replace(p, protocol=protocol) for p in s.ports))
        for s in plan.services
    )
    return _with(plan, services=services)


def with_endpoints(plan: Plan, *endpoints: object) -> Plan:
    """Return the plan with other endpoints."""
    return _with(plan, endpoints=endpoints)


def door_of(plan: Plan | None = None, family: int = 4) -> tuple[Door, tuple[Group, ...]]:
    """Return host1's door of a family, with its groups."""
    return next(
        found for found in groups(plan or shop_plan(), "host1") if found[0].family == family
    )

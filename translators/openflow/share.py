"""A bridge's share of a plan: all that its program depends on; the rest costs it nothing."""

from __future__ import annotations

from dataclasses import replace

from translators.plan.model import Plan, Rule


def share(plan: Plan, host: str) -> Plan:
    """Return a plan that leads to the same program for this host's bridge.

    Two plans with equal shares have equal programs. Left out are the rules whose sources and
    destinations are all elsewhere, and what no bridge knows of.
    """
    here = {endpoint.name for endpoint in plan.endpoints if endpoint.host == host}
    services = {s.name for s in plan.services if not here.isdisjoint(s.endpoints)}
    capturing = {capture.rule for capture in plan.captures}
    rules = tuple(
        rule for rule in plan.rules if rule.name in capturing or _meets(rule, here, services)
    )
    return replace(plan, rules=rules, placements=(), switches=(), links=())


def _meets(rule: Rule, here: set[str], services: set[str]) -> bool:
    return not (
        here.isdisjoint(rule.sources)
        and here.isdisjoint(rule.endpoints)
        and services.isdisjoint(rule.services)
    )

"""What may come from the tunnel: an outer bound, so that no host need trust another's bridge.

The source's bridge decides exactly. Here the addressed service is no longer seen, so a rule about
services counts as what it may lead to; rules about endpoints count exactly, denials among them.
"""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.conjunction import Decided
from translators.openflow.cookie import Cause, cookie
from translators.openflow.decision import BAND, Decision
from translators.openflow.features.captures import proxied, targets
from translators.openflow.features.commit import admitting
from translators.openflow.features.rules import defaults, endpoint_clauses, family_tests
from translators.openflow.flow import Flow, Match
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Action, Rule

TABLES = (Table.ARRIVAL,)


def flows(site: Site) -> Iterator[Flow | Decided]:
    """Yield what this host's workloads accept from other hosts."""
    rules = [rule for rule in site.plan.rules if rule.decides]  # audits count at the source
    decisions = [site.of_rule(rule, _decision) for rule in rules]
    yield site.decided(Table.ARRIVAL, (10 + BAND, proxied(site)), (10, decisions))
    yield from defaults(site, Table.ARRIVAL)


def _decision(site: Site, rule: Rule) -> Decision:
    allowed = rule.action is Action.ALLOW
    through = _through_services(site, rule) if allowed else ()
    return Decision(
        number=rule.number,
        cookie=cookie(Cause.RULE, rule.number),
        sources=site.elsewhere(rule.sources),
        alternatives=((through,), endpoint_clauses(rule, site.local(rule.endpoints))),
        actions=admitting(rule) if allowed else (),
        goto=Table.COMMIT if allowed else None,
    )


def _through_services(site: Site, rule: Rule) -> tuple[Match, ...]:
    """Return the doors of this host's workloads that the rule's service ports lead to."""
    found: set[Match] = set()
    for name in rule.services:
        service = site.plan.service[name]
        here = [endpoint for endpoint in service.endpoints if endpoint in site.local_ids]
        for port in service.ports if here else ():
            protocol = port.protocol.transport
            family = rule.transport.family or 4
            if not rule.transport.covers(family, protocol, port.port):
                continue
            if rule.http is None or port.protocol.is_http:
                wanted = family_tests(rule.transport)[0]
                doors = targets(site, here, port.target, protocol)
                found.update(door for door in doors if not wanted or wanted[0] in door)
    return tuple(sorted(found, key=_order))


def _order(tests: Match) -> tuple[tuple[int, int], ...]:
    return tuple((field.order, value) for field, value, _ in tests)

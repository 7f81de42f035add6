"""What may come from the tunnel: an outer bound, so that no host need trust another's bridge.

The source's bridge decides exactly. Here the addressed service is no longer seen, so a rule about
services counts as what it may lead to; rules about endpoints count exactly, denials among them.

A connection that came by a service is judged here as long as the service leads to its endpoint;
once it leads elsewhere, nothing here tells any more whose connection it is, and it goes on for as
long as the source's bridge lets it, unless a rule denies it.
"""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.conjunction import Decided
from translators.openflow.cookie import Cause, cookie
from translators.openflow.decision import BAND, Decision
from translators.openflow.features.captures import proxied, targets
from translators.openflow.features.commit import admitting, arriving
from translators.openflow.features.rules import defaults, endpoint_clauses, ends_of, family_tests
from translators.openflow.fields import BY_SERVICE, CT_LABEL, JUDGED, JUDGING, LABEL_LASTING, TENANT
from translators.openflow.flow import Flow, Match, Test, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Action, Endpoint, Rule, Service

TABLES = (Table.ARRIVAL,)


def flows(site: Site) -> Iterator[Flow | Part | Decided]:
    """Yield what this host's workloads accept from other hosts."""
    decisions = site.ruled(_decision)  # audits count at the source
    yield site.decided(Table.ARRIVAL, (10 + BAND, proxied(site)), (10, decisions))
    for name in sorted(site.serving):
        service = site.plan.service[name]
        here = tuple(site.plan.endpoint[e] for e in service.endpoints if e in site.local_ids)
        yield site.kept(name, _led_to, service, here)
    yield site.kept("", _left, tuple(sorted({e.tenant for e in site.attached})))
    yield from defaults(site, Table.ARRIVAL)


def _led_to(site: Site, service: Service, here: tuple[Endpoint, ...]) -> Iterator[Flow]:
    """Yield the default for established connections at doors that the service leads to."""
    if site.plan.tenant[service.tenant].passes:
        return
    tenant = site.tenant(service.tenant)
    names = [endpoint.name for endpoint in here]
    for port in service.ports:
        for door in targets(site, names, port.target, port.protocol.transport):
            tests = match(*door, (JUDGED, JUDGING), (TENANT, tenant))
            yield Flow(Table.ARRIVAL, 3, tests, cookie(Cause.DEFAULT, tenant))


def _left(site: Site, tenants: tuple[str, ...]) -> Iterator[Flow]:
    """Yield what lets go on what a service led to an endpoint that has left it."""
    by_service: Test = (CT_LABEL, BY_SERVICE << LABEL_LASTING, BY_SERVICE << LABEL_LASTING)
    for tenant in tenants:
        if not site.plan.tenant[tenant].passes:
            tests = match((JUDGED, JUDGING), (TENANT, site.tenant(tenant)), by_service)
            yield Flow(Table.ARRIVAL, 2, tests, cookie(Cause.NONE), goto=Table.COMMIT)


def _decision(site: Site, rule: Rule, last: Decision | None = None) -> Decision:
    allowed = rule.action is Action.ALLOW
    ends = site.once(_ends, rule.endpoints) if last is None else last.ends
    through = _through_services(site, rule) if allowed else ()
    return Decision(
        number=rule.number,
        cookie=cookie(Cause.RULE, rule.number),
        sources=site.once(Site.elsewhere, rule.sources) if last is None else last.sources,
        alternatives=((through,), endpoint_clauses(rule, ends)),
        actions=(arriving if rule.services else admitting)(rule) if allowed else (),
        goto=Table.COMMIT if allowed else None,
        ends=ends,
    )


def _ends(site: Site, names: tuple[str, ...]) -> tuple[Match, ...]:
    return ends_of(site.local(names))


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

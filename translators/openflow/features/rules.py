"""Rules at the source: own address, closed ways around the proxy, rules in order, the default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from translators.openflow.conjunction import Decided
from translators.openflow.cookie import Cause, cookie
from translators.openflow.decision import BAND, Decision, transport_tests
from translators.openflow.each import Each
from translators.openflow.features.audits import audited, counted
from translators.openflow.features.captures import closures
from translators.openflow.features.commit import admitting
from translators.openflow.features.outside import external_clauses
from translators.openflow.fields import (
    DESTINATION,
    ETH_TYPE,
    FAMILIES,
    FROM_PROXY,
    FROM_TUNNEL,
    ORIGIN,
    OUTSIDE,
    SERVICE,
    SOURCE,
    TENANT,
)
from translators.openflow.flow import Flow, Match, Test, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Action, Endpoint, Rule, ServicePort, Transport

TABLES = (Table.POLICY,)
_RULES, _CLOSURES = 10, 10 + BAND  # priorities below each list of decisions


def flows(site: Site) -> Iterator[Flow | Part | Each | Decided]:
    """Yield what decides on packets of this host's workloads, as ``evaluate`` does."""
    for origin, goto in ((FROM_PROXY, Table.PROXY), (FROM_TUNNEL, Table.ARRIVAL)):
        yield Flow(Table.POLICY, 65535, match((ORIGIN, origin)), cookie(Cause.NONE), goto=goto)
    yield site.each(_own, lambda e: (e,) if site.is_attached(e) else None)
    plain = all(rule.decides for rule in site.plan.extras)
    rules = site.ruled(_decision) if plain else list(_counting(site))
    yield site.decided(Table.POLICY, (_CLOSURES, closures(site)), (_RULES, rules))
    if site.external is not None:  # before the defaults, which let nobody leave
        yield Flow(Table.POLICY, 5, match((DESTINATION, OUTSIDE)), cookie(Cause.OUTSIDE))
    yield from defaults(site, Table.POLICY)


def _own(site: Site, endpoint: Endpoint) -> Iterator[Flow]:
    del site
    tests = match((SOURCE, endpoint.identity), (DESTINATION, endpoint.identity))
    yield Flow(Table.POLICY, 65000, tests, cookie(Cause.OWN, endpoint.identity))


def defaults(site: Site, table: int) -> Iterator[Flow]:
    """Yield each tenant's default action, and a drop for who has no tenant."""
    here = {segment.tenant for segment in site.segments} | {e.tenant for e in site.attached}
    for tenant in site.plan.tenants:
        if tenant.name in here:
            goto = Table.COMMIT if tenant.passes else None
            owner = cookie(Cause.DEFAULT, tenant.number)
            yield Flow(table, 1, match((TENANT, tenant.number)), owner, goto=goto)
    yield Flow(table, 0, (), cookie(Cause.NO_TENANT))


def ends_of(identities: Iterable[int]) -> tuple[Match, ...]:
    """Return the clause for endpoints of these identities."""
    return tuple(map(_to, identities))


def endpoint_clauses(rule: Rule, ends: tuple[Match, ...]) -> tuple[tuple[Match, ...], ...]:
    """Return the clauses for endpoints at their own ports, directly or through a service."""
    return ((),) if rule.http is not None else (ends, transport_tests(rule.transport))


@lru_cache(maxsize=65536)
def _to(identity: int) -> Match:
    """Return the match of an endpoint, which many rules name."""
    return match((DESTINATION, identity))


def family_tests(transport: Transport) -> tuple[tuple[Test, ...], ...]:
    """Return what restricts a match to the transport's address family; (): nothing does."""
    if transport.family is None:
        return ((),)
    return tuple(
        ((ETH_TYPE, code, None),) for family, code in FAMILIES if family == transport.family
    )


def _counting(site: Site) -> Iterator[Decision]:
    """Yield the rules in order; audits among them count, and leave the rest to later ones."""
    places = audited(site)
    for rule in site.plan.rules:
        if rule.decides:
            yield site.of_rule(rule, _decision)
        elif rule.name in places:
            reads = (site.of_rule(rule, _decision), places[rule.name])
            yield site.memory.recall((counted, rule.name), reads, partial(counted, *reads))


def _decision(site: Site, rule: Rule, last: Decision | None = None) -> Decision:
    allowed = rule.action is Action.ALLOW
    ends = site.once(_ends, rule.endpoints) if last is None else last.ends
    return Decision(
        number=rule.number,
        cookie=cookie(Cause.RULE, rule.number),
        sources=site.once(Site.local, rule.sources) if last is None else last.sources,
        alternatives=(
            (_service_ports(site, rule),),
            endpoint_clauses(rule, ends),
            *external_clauses(site, rule),
        ),
        actions=admitting(rule) if allowed else (),
        goto=Table.COMMIT if allowed else None,
        ends=ends,
    )


def _ends(site: Site, names: tuple[str, ...]) -> tuple[Match, ...]:
    named = (site.plan.endpoint[name] for name in names)
    return ends_of(sorted({end.identity for end in named if site.is_known(end)}))


def _service_ports(site: Site, rule: Rule) -> tuple[Match, ...]:
    """Return the addressed service ports that the rule covers as a whole."""
    numbers = set()
    for name in rule.services:
        for port in site.plan.service[name].ports:
            family = rule.transport.family or 4  # covers() asks for one; the match adds it below
            covered = rule.transport.covers(family, port.protocol.transport, port.port)
            if covered and _reaches(site, rule, name, port):
                numbers.add(port.number)
    heads = family_tests(rule.transport)
    return tuple(match((SERVICE, n), *head) for n in sorted(numbers) for head in heads)


def _reaches(site: Site, rule: Rule, service: str, port: ServicePort) -> bool:
    """Whether the bridge, not the proxy alone, sees the rule's traffic to a service port."""
    if rule.http is not None and not port.protocol.is_http:
        return False
    capture = site.plan.captured.get((service, port.port))
    if capture is None or not port.protocol.is_http:
        return True
    return not site.local_ids.keys() & set(rule.sources) <= set(capture.sources)

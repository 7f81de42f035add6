"""Which layer carries each rule, and why: the lowest that can decide, the proxy where needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from translators.compiler.draft import Draft, Journeys
from translators.compiler.reasons import fabric_pin, placed
from translators.compiler.routers import rerouted
from translators.compiler.table import Table, renewed
from translators.compiler.walk import Walk, walks
from translators.diagnostics import Diagnostic, report
from translators.plan.model import (
    Capture,
    Endpoint,
    Layer,
    Placement,
    ProxyMode,
    Rule,
    Service,
    ServicePort,
)


@dataclass(frozen=True, slots=True)
class Journey:
    """A source's traffic to a service port that goes through the proxy."""

    service: Service
    port: ServicePort
    walk: Walk
    reason: Rule


def journeys(draft: Draft, before: Draft) -> Table[Journeys]:
    """Return what of each service proxies carry, and what they are asked for in vain."""

    def make(name: str, findings: list[Diagnostic]) -> Journeys | None:
        service = draft.services.rows.get(name)
        if service is None:
            return None
        found = list(_journeys(draft, service))
        findings.extend(d for journey in found for d in _impossible(draft, journey))
        return _carried(draft, service, found)

    return renewed(before.journeys, _touched(draft, before), make)


def _touched(draft: Draft, before: Draft) -> set[str]:
    """Return the services that changed, or that a changed rule or source may concern."""
    names = set(draft.services.changed)
    for then in (before, draft):
        rows = [then.rules.rows.get(name) for name in draft.rules.changed]
        for row in (row for row in rows if row is not None):
            names |= then.index.concerned(row.rule)
    sources = {
        name
        for name in draft.endpoints.changed
        if _seen(before.endpoints.rows.get(name)) != _seen(draft.endpoints.rows.get(name))
    }
    for row in draft.rules.rows.values() if sources else ():
        if not sources.isdisjoint(row.sources):
            names |= draft.index.concerned(row.rule)
    if tenants := rerouted(draft, before):
        names.update(n for n, service in draft.services.rows.items() if service.tenant in tenants)
    return names


def _seen(endpoint: Endpoint | None) -> tuple[object, ...]:
    """Return what of a source decides on its journeys."""
    if endpoint is None:
        return ()
    return endpoint.segment, endpoint.proxy, {address.version for address in endpoint.addresses}


def _journeys(draft: Draft, service: Service) -> Iterator[Journey]:
    about = (draft.rules.rows[name].rule for name in draft.index.by_service.get(service.name, ()))
    if not any(rule.needs_proxy for rule in about):
        return
    for port in service.ports:
        if not port.protocol.is_http:
            continue
        for walk in walks(draft, service, port):
            if walk.reason is not None:
                yield Journey(service, port, walk, walk.reason)


def _carried(draft: Draft, service: Service, found: Sequence[Journey]) -> Journeys | None:
    endpoints = draft.endpoints.rows
    proxied = [j for j in found if endpoints[j.walk.source].proxy is not ProxyMode.NONE]
    if not proxied:
        return None
    carried: dict[str, set[str]] = {}
    ports: dict[int, list[Journey]] = {}
    for journey in proxied:
        ports.setdefault(journey.port.port, []).append(journey)
        for rule in journey.walk.decided:
            carried.setdefault(rule.name, set()).add(journey.walk.source)
    captures = tuple(_capture(draft, service, port, own) for port, own in sorted(ports.items()))
    return Journeys(captures, {name: frozenset(s) for name, s in sorted(carried.items())})


def _capture(draft: Draft, service: Service, port: int, found: Sequence[Journey]) -> Capture:
    ranks = draft.index.ranks
    first = min((journey.reason for journey in found), key=lambda rule: ranks[rule.name])
    sources = tuple(sorted(journey.walk.source for journey in found))
    return Capture(service.name, port, sources, first.name, _why(first))


def placements(draft: Draft, before: Draft) -> Table[tuple[Placement, ...]]:
    """Return where each rule is enforced, and what pins it to a layer that can never hold it."""

    def make(name: str, findings: list[Diagnostic]) -> tuple[Placement, ...] | None:
        row = draft.rules.rows.get(name)
        if row is None:
            return None
        findings.extend(fabric_pin(row.clause))
        return tuple(placed(draft, row.rule, _pairs(draft, row.rule)))

    return renewed(before.placements, _replaced(draft, before), make)


def _replaced(draft: Draft, before: Draft) -> set[str]:
    """Return the rules that changed, or whose sources, services or journeys did."""
    names = set(draft.rules.changed)
    for then in (before, draft):
        for service in draft.journeys.changed:
            row = then.journeys.rows.get(service)
            names.update(row.carried if row is not None else ())
    moved = {
        name
        for name in draft.endpoints.changed
        if _home(before.endpoints.rows.get(name)) != _home(draft.endpoints.rows.get(name))
    }
    rehomed = {
        name
        for name in draft.services.changed
        if name not in before.services.rows
        or name not in draft.services.rows
        or before.services.rows[name].segment != draft.services.rows[name].segment
    }
    for service in rehomed:
        names.update(draft.index.by_service.get(service, ()))
    rows = draft.rules.rows.items()
    if moved:
        names.update(n for n, row in rows if not moved.isdisjoint(row.sources))
    if tenants := rerouted(draft, before):
        names.update(n for n, row in rows if row.rule.tenant in tenants)
    return names


def _home(endpoint: Endpoint | None) -> tuple[str, str] | None:
    return None if endpoint is None else (endpoint.segment, endpoint.host)


def _pairs(draft: Draft, rule: Rule) -> set[tuple[str, str]]:
    """Return the pairs of source and service whose requests a proxy decides on by the rule."""
    rows = draft.journeys.rows
    found = ((name, rows[name]) for name in draft.index.concerned(rule) if name in rows)
    return {(source, name) for name, row in found for source in row.carried.get(rule.name, ())}


def _why(rule: Rule) -> str:
    if rule.http is not None:
        return f"{rule.name} matches HTTP fields, which only a proxy sees"
    if rule.route is not None:
        return f"{rule.name} routes requests, which only a proxy can"
    return f"{rule.name} is pinned to the proxy"


def _impossible(draft: Draft, journey: Journey) -> Iterator[Diagnostic]:
    service, port, source = journey.service, journey.port, journey.walk.source
    place = f"port {port.port} of {service.name}"
    if draft.endpoints.rows[source].proxy is ProxyMode.NONE:
        message = f"{_why(journey.reason)}, but workload {source} has proxy: none"
        yield _about("FS7002", journey.reason, message)
    for rule in journey.walk.partial:
        message = (
            f"the proxy decides on {place} for {source} because {_why(journey.reason)}, and this "
            f"rule selects some endpoints of it only"
        )
        yield _about("FS8001", rule, message)
    for rule in journey.walk.decided:
        for part, verb in _by_bridges(rule):
            message = f"{_why(journey.reason)}, so that no bridge {verb} {place} for {source}"
            mend = f"remove {part}, or put the rule before the other"
            yield report("FS8004", rule.origin.file, rule.origin.line, message, mend)
        if rule.enforce is Layer.VSWITCH and not rule.needs_proxy:
            message = f"{_why(journey.reason)}, so that the proxy decides on {place} for {source}"
            clause = draft.rules.rows[rule.name].clause
            line = clause.at("enforce").line
            mend = "use enforce: auto, or put the rule before the other"
            yield report("FS8004", rule.origin.file, line, message, mend)


def _by_bridges(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield what a rule wants of bridges alone, and what they do then."""
    if rule.shape is not None:
        yield "shape", "shapes"
    if rule.mirror is not None:
        yield "mirror", "mirrors"


def _about(code: str, rule: Rule, message: str) -> Diagnostic:
    return report(code, rule.origin.file, rule.origin.line, message)

"""Rules that never take effect, contradict each other or stay without traffic: warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translators.compiler.draft import Draft, Ranked
from translators.compiler.outside import confined
from translators.compiler.overlap import Reach, covered, overlapping
from translators.compiler.routers import joined, rerouted
from translators.compiler.table import Table, renewed
from translators.compiler.walk import stations, walk
from translators.diagnostics import Diagnostic, report
from translators.plan.covering import covers_endpoint
from translators.plan.model import TCP, Action, Endpoint, Rule, Service, ServicePort


def conflicts(draft: Draft, before: tuple[Draft, Table[None]] | None) -> Table[None]:
    """Return no rows, but every warning about a rule and its place in the order.

    ``before`` is the draft from which this one was made, with what was returned for that.
    """

    def make(name: str, findings: list[Diagnostic]) -> None:
        row = draft.rules.rows.get(name)
        if row is not None and row.rule.sources and (row.rule.endpoints or row.rule.services):
            findings.extend(_found(draft, row))  # else its selectors are reported already
        if row is not None and row.rule.externals:
            findings.extend(confined(draft, row.rule))

    if before is None:
        return renewed(Table(), draft.rules.rows, make)
    then, told = before
    return renewed(told, _touched(draft, then), make)


def _touched(draft: Draft, before: Draft) -> set[str]:
    """Return the rules that changed, and those that share something changed with another."""
    names = set(draft.rules.changed)
    services = draft.services.changed | draft.journeys.changed
    endpoints = {
        name
        for name in draft.endpoints.changed
        if _seen(before.endpoints.rows.get(name)) != _seen(draft.endpoints.rows.get(name))
    }
    for then in (before, draft):
        shared = services.union(*(then.index.offering.get(e, ()) for e in endpoints))
        known = then.services.rows
        reached = {e for name in services & known.keys() for e in known[name].endpoints}
        names.update(_about(then, shared, endpoints | reached))
    for then in (before,) if before.index is draft.index else (before, draft):
        names.update(_beside(then, draft))
    for name, row in draft.rules.rows.items() if endpoints else ():
        if not endpoints.isdisjoint(row.sources):
            names.add(name)
    if draft.hosts.changed or draft.endpoints.changed or draft.segments.changed:
        rows = draft.rules.rows.items()
        names.update(name for name, row in rows if row.rule.externals)
    if tenants := rerouted(draft, before):
        names.update(n for n, row in draft.rules.rows.items() if row.rule.tenant in tenants)
    return names


def _about(then: Draft, services: Iterable[str], endpoints: Iterable[str]) -> set[str]:
    index = then.index
    lists = {index.by_service.get(name, ()) for name in services}
    lists.update(index.by_endpoint.get(name, ()) for name in endpoints)  # many have the same
    return set[str]().union(*lists)


def _beside(then: Draft, draft: Draft) -> Iterator[str]:
    """Yield the rules that share a source and a destination with one that has changed."""
    rows = [then.rules.rows[name] for name in draft.rules.changed & then.rules.rows.keys()]
    sources = frozenset[str]().union(*(row.sources for row in rows))
    services = {s for row in rows for s in then.index.concerned(row.rule)}
    endpoints = {e for row in rows for e in row.rule.endpoints}
    for name in _about(then, services, endpoints) & draft.rules.rows.keys():
        if not sources.isdisjoint(draft.rules.rows[name].sources):
            yield name


def _seen(endpoint: Endpoint | None) -> tuple[object, ...]:
    if endpoint is None:
        return ()
    return endpoint.segment, {address.version for address in endpoint.addresses}


def _found(draft: Draft, row: Ranked) -> Iterator[Diagnostic]:
    reach = _reach(row)
    if (first := _shadowing(draft, row, reach)) is not None:
        yield _shadowed(row.rule, first)
    else:
        yield from _contradiction(draft, row, reach)
        yield from _starved(draft, row.rule)
    yield from _unreachable(draft, row.rule)
    yield from _own_client(draft, row)
    yield from _closed(draft, row)


def _reach(row: Ranked) -> Reach:
    return Reach.of(row.rule, row.clause.priority)


def _shadowing(draft: Draft, row: Ranked, reach: Reach) -> Rule | None:
    """Return the first earlier rule that matches all that this one does.

    It selects whatever this one selects, so that it is found by any one of those.
    """
    rule, index = row.rule, draft.index
    if rule.services:
        sharing = index.by_service[rule.services[0]]
    else:
        sharing = index.by_endpoint[rule.endpoints[0]]
    for other in _earlier(draft, row, sharing):
        if row.sources <= other.sources and covered(reach, _reach(other)):
            return other.rule
    return None


def _earlier(draft: Draft, row: Ranked, names: Iterable[str]) -> Iterator[Ranked]:
    """Yield those rules among ``names``, which are in order, that decide before a rule does."""
    for name in names:
        other = draft.rules.rows[name]
        if other.rank >= row.rank:
            return
        known = other.rule.endpoints or other.rule.services
        if other.rule.decides and other.rule.sources and known:
            yield other


def _warn(code: str, rule: Rule, message: str) -> Diagnostic:
    return report(code, rule.origin.file, rule.origin.line, message)


def _shadowed(rule: Rule, first: Rule) -> Diagnostic:
    where = f"{first.name} ({first.origin})"
    if rule.needs_proxy and rule.action is Action.ALLOW and _plain_denial(first):
        return _warn("FS8002", rule, f"{where} denies every connection that would carry it")
    return _warn("FS4001", rule, f"{rule.name} never takes effect: {where} decides first")


def _plain_denial(rule: Rule) -> bool:
    return rule.action is Action.DENY and not rule.needs_proxy


def _starved(draft: Draft, rule: Rule) -> Iterator[Diagnostic]:
    """Yield a warning if denials of connections end every walk before this L7 allowance."""
    if rule.action is Action.DENY or not rule.needs_proxy:
        return
    denials: dict[str, Rule] = {}
    for decided in _walked(draft, rule):
        if rule in decided:
            return
        if decided and _plain_denial(decided[-1]):
            denials[decided[-1].name] = decided[-1]
    for denial in denials.values():
        where = f"{denial.name} ({denial.origin})"
        yield _warn("FS8002", rule, f"{where} denies every connection that would carry it")
        return


def _walked(draft: Draft, rule: Rule) -> Iterator[tuple[Rule, ...]]:
    """Yield the deciding rules of each service port and source that the rule is about."""
    for service in (draft.services.rows[name] for name in rule.services):
        for port in (port for port in service.ports if port.protocol.is_http):
            yield from _of_port(draft, rule, service, port)


def _of_port(
    draft: Draft, rule: Rule, service: Service, port: ServicePort
) -> Iterator[tuple[Rule, ...]]:
    rules = [draft.rules.rows[name] for name in draft.index.about(service)]
    lines = {
        family: tuple(s for s in stations(rules, service, port, family) if not s.part)
        for family in (4, 6)
    }
    covering = {f for f, line in lines.items() if any(s.rule is rule for s in line)}
    for source in (draft.endpoints.rows[name] for name in rule.sources if covering):
        if joined(draft, source.segment, service.segment):
            for family in sorted(covering & {address.version for address in source.addresses}):
                yield walk(source.name, [lines[family]]).decided


def _contradiction(draft: Draft, row: Ranked, reach: Reach) -> Iterator[Diagnostic]:
    rule = row.rule
    for other in _earlier(draft, row, _opposing(draft, rule)) if rule.decides else ():
        first = other.rule
        if (
            other.clause.priority == reach.priority
            and other.clause.document.reference != row.clause.document.reference
            and overlapping(reach, _reach(other))
        ):
            message = (
                f"{first.name} ({first.origin}) would {first.action} and {rule.name} would "
                f"{rule.action} the same traffic at priority {reach.priority}"
            )
            yield _warn("FS4002", rule, message)
            return


def _opposing(draft: Draft, rule: Rule) -> list[str]:
    """Return the rules of another action that share a service or an endpoint, in order."""
    rows, sharing = draft.rules.rows, _about(draft, rule.services, rule.endpoints)
    found = [name for name in sharing if rows[name].rule.action is not rule.action]
    return sorted(found, key=draft.index.ranks.__getitem__)


def _unreachable(draft: Draft, rule: Rule) -> Iterator[Diagnostic]:
    endpoints, services = draft.endpoints.rows, draft.services.rows
    first = endpoints[rule.sources[0]].segment
    near = {endpoints[name].segment for name in rule.endpoints[:1]}
    near |= {services[name].segment for name in rule.services[:1]}
    if rule.externals or any(joined(draft, first, segment) for segment in near):
        return  # as nearly all: nobody looks at thousands of ends
    sources = {endpoints[name].segment for name in rule.sources}
    targets = {endpoints[name].segment for name in rule.endpoints}
    targets |= {services[name].segment for name in rule.services}
    if not any(joined(draft, one, other) for one in sources for other in targets):
        message = (
            f"{rule.name} matches nothing: its sources are in {', '.join(sorted(sources))}, its "
            f"destinations in {', '.join(sorted(targets))}"
        )
        yield _warn("FS4003", rule, message)


def _own_client(draft: Draft, row: Ranked) -> Iterator[Diagnostic]:
    rule, clause = row.rule, row.clause
    if rule.action is not Action.ALLOW or clause.selection.broad or clause.index:
        return  # once for each policy
    for name in rule.services:
        if both := sorted(row.sources.intersection(draft.services.rows[name].endpoints)):
            yield _warn("FS4010", rule, f"{both[0]} is an endpoint and a client of {name}")


def _closed(draft: Draft, row: Ranked) -> Iterator[Diagnostic]:
    rule, meant = row.rule, row.clause.selection.named
    if rule.action is not Action.ALLOW or not meant:
        return
    offering = {name for e in meant for name in draft.index.offering.get(e, ())}
    known = [draft.journeys.rows[name] for name in sorted(offering & draft.journeys.rows.keys())]
    for capture in (capture for journeys in known for capture in journeys.captures):
        service = draft.services.rows[capture.service]
        sources = sorted(row.sources.intersection(capture.sources))
        named = sorted(meant.intersection(service.endpoints))
        port = service.port(capture.port, TCP)
        if not sources or not named or port is None:
            continue
        if any(covers_endpoint(rule, named[0], family, TCP, port.target) for family in (4, 6)):
            message = (
                f"{sources[0]} does not reach port {port.target} of {named[0]} directly: "
                f"{capture.rule} sends its traffic to {service.name} through the proxy"
            )
            yield _warn("FS8003", rule, message)
            return

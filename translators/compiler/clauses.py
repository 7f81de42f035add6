"""A policy's rules to clauses, refused where their L7 part has nothing to hold on to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from translators.compiler.catalogue import Catalogue
from translators.compiler.draft import Clause, Clauses, Draft, Group, Selection
from translators.compiler.findings import finding
from translators.compiler.matches import transport_of
from translators.compiler.references import refer
from translators.compiler.select import choice, select
from translators.compiler.selected import selecting
from translators.compiler.table import Table, renewed
from translators.diagnostics import Diagnostic
from translators.plan.model import AppProtocol, Transport
from translators.policy.document import Document, Path
from translators.policy.policy import Policy, Rule
from translators.policy.service import ServicePort


def clauses(draft: Draft, before: Draft) -> Table[Clauses]:
    """Return every policy's clauses, and what is wrong with those that cannot hold."""
    catalogue = draft.catalogue
    selecting_anew = before.clauses.findings.keys() | selecting(draft, before)
    if catalogue.renamed("Tenant", "Segment"):
        selecting_anew |= catalogue.names("Policy")
    names = catalogue.touched("Policy") | selecting_anew
    groups = draft.groups.rows.values() if names else ()
    known = choice(catalogue, draft.roster, groups)

    def make(name: str, findings: list[Diagnostic]) -> Clauses | None:
        found = catalogue.get(Policy, name)
        if found is None or not catalogue.has("Tenant", found[0].tenant):
            return None
        document, policy = found
        selection = None if name in selecting_anew else _selected(before, name, policy)
        if selection is None:
            selection = select(known, document, policy, findings)
        kept = tuple(_clauses(catalogue, document, policy, selection, draft.groups.rows, findings))
        selectors = (*policy.spec.from_, *policy.spec.to)
        return Clauses(kept, selection, any(s.cidr is not None for s in selectors))

    return renewed(before.clauses, names, make)


def _selected(before: Draft, name: str, policy: Policy) -> Selection | None:
    """Return what a policy selected, if its selectors are as they were; None: they are not.

    That is for policies that select nothing that has changed.
    """
    row, known = before.clauses.rows.get(name), before.catalogue.get(Policy, name)
    if row is None or known is None:
        return None
    old, new = known[1].spec, policy.spec
    return row.selection if (old.from_, old.to) == (new.from_, new.to) else None


def _clauses(
    catalogue: Catalogue,
    document: Document,
    policy: Policy,
    selection: Selection,
    groups: Mapping[str, Group],
    findings: list[Diagnostic],
) -> Iterator[Clause]:
    """Yield a policy's clauses in its own order; those that cannot hold are findings."""
    denial = all(rule.action in ("deny", "audit") for rule in policy.spec.rules)
    for index, rule in enumerate(policy.spec.rules):
        path: Path = ("spec", "rules", index)
        name = f"{document.reference}[{index}]"
        narrowed = selection
        if rule.mirror is not None:
            place, collector = (*path, "mirror", "workload"), rule.mirror.workload
            if refer(catalogue, document, place, "Workload", collector, findings) is None:
                continue
        balances = _balances(rule, selection, groups)
        if balances:
            found = list(_unbalanced(document, path, rule, selection, groups))
            findings.extend(found)
            if found:
                continue
            narrowed = _only(selection, _others(rule, selection, groups))
        elif rule.match.http is not None or rule.route is not None or rule.enforce == "proxy":
            found = list(_refused(document, path, rule, selection, groups))
            findings.extend(found)
            if found:
                continue
            narrowed = _for_proxy(rule, selection, groups)
        spec = policy.spec
        drain = spec.revoke == "drain"
        place = (spec.priority, denial, drain, balances)
        yield Clause(name, document, index, rule, narrowed, *place)


def _for_proxy(rule: Rule, selection: Selection, groups: Mapping[str, Group]) -> Selection:
    """Return the selection of a clause that only a proxy can carry: HTTP services alone."""
    return _only(selection, [n for n in selection.services if _http_ports(rule, groups[n])])


def _balances(rule: Rule, selection: Selection, groups: Mapping[str, Group]) -> bool:
    """Whether a rule's route is about connections: no HTTP port is covered, but another is."""
    if rule.route is None or rule.match.http is not None or rule.enforce == "proxy":
        return False
    if any(_http_ports(rule, groups[name]) for name in selection.services):
        return False
    return bool(_others(rule, selection, groups))


def _others(rule: Rule, selection: Selection, groups: Mapping[str, Group]) -> list[str]:
    return [n for n in selection.services if _first_other(rule, groups[n]) is not None]


def _unbalanced(
    document: Document,
    path: Path,
    rule: Rule,
    selection: Selection,
    groups: Mapping[str, Group],
) -> Iterator[Diagnostic]:
    for field in ("timeout", "retry"):
        if rule.route is not None and getattr(rule.route, field) is not None:
            message = f"a {field} is for requests, and the route spreads connections"
            mend = "leave it out, or name a service with an http, http2 or grpc port"
            yield finding("FS7001", document, (*path, "route", field), message, mend)
    for name in _others(rule, selection, groups):
        yield from _bad_shares(document, path, rule, groups[name])


def _only(selection: Selection, services: Iterable[str]) -> Selection:
    """Return the selection of a clause that is about services as such, not their endpoints."""
    services = tuple(services)
    return replace(selection, endpoints=(), named=frozenset(), services=services, externals=())


def _refused(
    document: Document,
    path: Path,
    rule: Rule,
    selection: Selection,
    groups: Mapping[str, Group],
) -> Iterator[Diagnostic]:
    if rule.enforce == "proxy" and (found := _beyond_proxy(rule, selection, groups)):
        yield finding("FS8004", document, (*path, "enforce"), f"the proxy cannot decide on {found}")
        return
    services = [groups[n] for n in selection.services if _http_ports(rule, groups[n])]
    part = ("match", "http") if rule.match.http is not None else ("route",)
    part = part if rule.match.http is not None or rule.route is not None else ("enforce",)
    if not services:
        if selection.services or selection.endpoints or selection.externals:
            message = "no HTTP port of a service is among the destinations that this rule covers"
            yield finding("FS7001", document, (*path, *part), message)
        return
    if rule.route is None:
        return
    for group in services:
        if rule.match.http is None and (port := _first_other(rule, group)) is not None:
            message = f"the route covers port {port.port} of {group.name}, which is {port.protocol}"
            yield finding("FS7001", document, (*path, "route"), message)
        yield from _bad_shares(document, path, rule, group)


def _bad_shares(document: Document, path: Path, rule: Rule, group: Group) -> Iterator[Diagnostic]:
    shares = rule.route.to if rule.route is not None else []
    reached = False
    for index, share in enumerate(shares):
        where = (*path, "route", "to", index, "subset")
        if share.subset is not None and share.subset not in group.subsets:
            message = f"service {group.name} has no subset {share.subset}"
            known = ", ".join(group.subsets)
            mend = f"use one of {known}, or add the subset" if known else ""
            yield finding("FS7003", document, where, message, mend)
            return
        names = group.endpoints if share.subset is None else group.subsets[share.subset]
        reached = reached or bool(names and share.weight)
    if not reached:
        message = f"the route leads to no endpoint of {group.name}"
        yield finding("FS7004", document, (*path, "route", "to"), message)


def _beyond_proxy(rule: Rule, selection: Selection, groups: Mapping[str, Group]) -> str:
    """Return what a rule pinned to the proxy covers that is not an HTTP port of a service."""
    if selection.endpoints:
        return f"direct access to {selection.endpoints[0]}"
    if selection.externals:
        return f"connections to {selection.externals[0]}"
    if rule.match.http is not None:
        return ""
    for name in selection.services:
        if (port := _first_other(rule, groups[name])) is not None:
            return f"port {port.port} of {name}, which is {port.protocol}"
    return ""


def _covered(rule: Rule, port: ServicePort) -> bool:
    transport: Transport = transport_of(rule.match)
    number = AppProtocol(port.protocol).transport
    families = (4, 6) if transport.family is None else (transport.family,)
    return any(transport.covers(family, number, port.port) for family in families)


def _http_ports(rule: Rule, group: Group) -> list[ServicePort]:
    ports = group.model.spec.ports
    return [p for p in ports if AppProtocol(p.protocol).is_http and _covered(rule, p)]


def _first_other(rule: Rule, group: Group) -> ServicePort | None:
    for port in group.model.spec.ports:
        if not AppProtocol(port.protocol).is_http and _covered(rule, port):
            return port
    return None

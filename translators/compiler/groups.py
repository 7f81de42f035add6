"""Services to groups: the endpoints and subsets of each, and the segment that it is in."""

from __future__ import annotations

from collections.abc import Mapping, Set

from translators.compiler.catalogue import Catalogue
from translators.compiler.draft import Draft, Group, Member, Roster
from translators.compiler.findings import finding
from translators.compiler.members import moved, regarded
from translators.compiler.references import refer
from translators.compiler.table import Table, renewed
from translators.diagnostics import Diagnostic
from translators.policy.document import Document
from translators.policy.segment import Segment
from translators.policy.service import Service

MOST = 1000  # endpoints: a group's buckets must fit into a message of 64 KiB, at 64 bytes each


def groups(draft: Draft, before: Draft) -> Table[Group]:
    """Return every service whose segment is known, and what is wrong with the others."""
    catalogue = draft.catalogue

    def make(name: str, findings: list[Diagnostic]) -> Group | None:
        found = catalogue.get(Service, name)
        return None if found is None else _group(catalogue, *found, draft.roster, findings)

    names = catalogue.touched("Service") | before.groups.findings.keys()
    if catalogue.renamed("Tenant", "Segment"):
        names |= catalogue.names("Service")
    return renewed(before.groups, names | _affected(draft, before, names), make)


def _affected(draft: Draft, before: Draft, known: Set[str]) -> set[str]:
    """Return the services that name a changed workload, or whose selector selects it or did.

    Those that are ``known`` to be made anew need not be asked.
    """
    seen = [member for pair in regarded(moved(draft, before)) for member in pair if member]
    touched = draft.catalogue.renamed("Workload") | {member.name for member in seen}
    if not touched:
        return set()
    return {
        document.reference
        for document, service in draft.catalogue.of(Service)
        if document.reference not in known
        and (
            _names(document, service, touched)
            or any(_selects(document, service, member) for member in seen)
        )
    }


def _names(document: Document, service: Service, touched: frozenset[str]) -> bool:
    tenant = document.tenant
    named = (*(service.spec.endpoints or ()), *service.spec.drain)
    return any(f"{tenant}/{reference.rpartition('/')[2]}" in touched for reference in named)


def _selects(document: Document, service: Service, member: Member) -> bool:
    wanted = service.spec.selector
    return (
        wanted is not None
        and member.tenant == document.tenant
        and wanted.items() <= member.labels.items()
    )


def _group(
    catalogue: Catalogue,
    document: Document,
    service: Service,
    roster: Roster,
    findings: list[Diagnostic],
) -> Group | None:
    members = roster.members
    endpoints = _endpoints(catalogue, document, service, roster, findings)
    segment = _segment(catalogue, document, service, endpoints, members, findings)
    if not segment or not catalogue.has("Tenant", document.tenant):
        return None
    subsets = {
        name: tuple(e for e in endpoints if labels.items() <= members[e].labels.items())
        for name, labels in sorted(service.spec.subsets.items())
    }
    draining = _draining(catalogue, document, service, endpoints, members, findings)
    return Group(document.reference, segment, endpoints, subsets, document, service, draining)


def _draining(
    catalogue: Catalogue,
    document: Document,
    service: Service,
    endpoints: tuple[str, ...],
    members: Mapping[str, Member],
    findings: list[Diagnostic],
) -> tuple[str, ...]:
    """Return the endpoints that drain: by themselves, or because the service says so."""
    path = ("spec", "drain")
    named = {
        refer(catalogue, document, (*path, index), "Workload", reference, findings)
        for index, reference in enumerate(service.spec.drain)
    }
    return tuple(e for e in endpoints if e in named or members[e].model.spec.drain)


def _endpoints(
    catalogue: Catalogue,
    document: Document,
    service: Service,
    roster: Roster,
    findings: list[Diagnostic],
) -> tuple[str, ...]:
    spec = service.spec
    if spec.selector is not None:
        found = set(roster.labelled(document.tenant, spec.selector))
    else:
        path = ("spec", "endpoints")
        named = [
            refer(catalogue, document, (*path, index), "Workload", reference, findings)
            for index, reference in enumerate(spec.endpoints or ())
        ]
        found = {name for name in named if name is not None and name in roster.members}
    field = "selector" if spec.selector is not None else "endpoints"
    if not found:
        message = f"service {document.reference} has no endpoint"
        findings.append(finding("FS4009", document, ("spec", field), message))
    elif len(found) > MOST:
        message = f"service {document.reference} has {len(found)} endpoints, and {MOST} is the most"
        findings.append(finding("FS4022", document, ("spec", field), message))
    return tuple(sorted(found))


def _segment(
    catalogue: Catalogue,
    document: Document,
    service: Service,
    endpoints: tuple[str, ...],
    members: Mapping[str, Member],
    findings: list[Diagnostic],
) -> str | None:
    """Return the segment that is named, or the endpoints' own, or the tenant's only one."""
    used = sorted({members[name].segment for name in endpoints})
    if service.spec.segment is not None:
        path = ("spec", "segment")
        named = refer(catalogue, document, path, "Segment", service.spec.segment, findings)
        used = sorted({*used, named}) if named else used
        if named is None:
            return None
    if len(used) > 1:
        message = f"service {document.reference} would be in segments {' and '.join(used)}"
        findings.append(finding("FS4008", document, ("spec",), message))
        return None
    if used:
        return used[0]
    own = [d.reference for d, _ in catalogue.of(Segment) if d.tenant == document.tenant]
    if len(own) == 1:
        return own[0]
    message = f"nothing says which segment service {document.reference} is in"
    findings.append(finding("FS4007", document, ("spec",), message))
    return None

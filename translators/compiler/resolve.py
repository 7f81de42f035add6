"""Names and selectors to endpoint sets: members, services and clauses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from translators.compiler.clauses import clauses_of
from translators.compiler.draft import Catalogue, Draft, Group, Member, finding
from translators.compiler.references import refer, refer_plain
from translators.diagnostics import Diagnostic
from translators.policy.document import Document
from translators.policy.policy import Policy
from translators.policy.segment import Segment
from translators.policy.service import Service
from translators.policy.workload import Workload


def resolve(draft: Draft) -> Draft:
    """Return the draft with members, groups and clauses, and every dangling reference."""
    catalogue = draft.catalogue
    findings: list[Diagnostic] = []
    for document in catalogue.documents.values():
        if document.tenant:
            _in_tenant(catalogue, document, findings)
    members = {m.name: m for m in _members(catalogue, findings)}
    groups = {g.name: g for g in _groups(catalogue, members, findings)}
    clauses = tuple(
        clause
        for document, policy in catalogue.of(Policy)
        for clause in clauses_of(catalogue, document, policy, members, groups, findings)
    )
    return replace(
        draft,
        members=members,
        groups=groups,
        clauses=clauses,
        findings=draft.findings + tuple(findings),
    )


def _in_tenant(catalogue: Catalogue, document: Document, findings: list[Diagnostic]) -> None:
    path = ("metadata", "tenant")
    refer_plain(catalogue, document, path, "Tenant", document.tenant, findings)


def _members(catalogue: Catalogue, findings: list[Diagnostic]) -> Iterator[Member]:
    for document, workload in catalogue.of(Workload):
        spec = workload.spec
        path = ("spec", "segment")
        segment = refer(catalogue, document, path, "Segment", spec.segment, findings)
        host = refer_plain(catalogue, document, ("spec", "host"), "Host", spec.host, findings)
        if segment and host and catalogue.has("Tenant", document.tenant):
            yield Member(document.reference, segment, document, workload)


def _groups(
    catalogue: Catalogue, members: Mapping[str, Member], findings: list[Diagnostic]
) -> Iterator[Group]:
    for document, service in catalogue.of(Service):
        endpoints = _endpoints(catalogue, document, service, members, findings)
        segment = _segment(catalogue, document, service, endpoints, members, findings)
        subsets = {
            name: tuple(e for e in endpoints if _labelled(members[e], labels))
            for name, labels in sorted(service.spec.subsets.items())
        }
        if segment and catalogue.has("Tenant", document.tenant):
            name = document.reference
            yield Group(name, segment, endpoints, subsets, document, service)


def _endpoints(
    catalogue: Catalogue,
    document: Document,
    service: Service,
    members: Mapping[str, Member],
    findings: list[Diagnostic],
) -> tuple[str, ...]:
    spec = service.spec
    if spec.selector is not None:
        found = [
            m.name
            for m in members.values()
            if m.document.tenant == document.tenant and _labelled(m, spec.selector)
        ]
    else:
        path = ("spec", "endpoints")
        named = [
            refer(catalogue, document, (*path, index), "Workload", reference, findings)
            for index, reference in enumerate(spec.endpoints or ())
        ]
        found = [name for name in named if name is not None and name in members]
    if not found:
        field = "selector" if spec.selector is not None else "endpoints"
        message = f"service {document.reference} has no endpoint"
        findings.append(finding("FS4009", document, ("spec", field), message))
    return tuple(sorted(set(found)))


def _labelled(member: Member, labels: Mapping[str, str]) -> bool:
    return labels.items() <= member.model.metadata.labels.items()


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

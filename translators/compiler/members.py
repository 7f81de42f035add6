"""Workloads whose place exists, and documents whose tenant does not."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from translators.compiler.draft import Draft, Member
from translators.compiler.references import refer, refer_plain
from translators.compiler.table import Table, renewed
from translators.diagnostics import Diagnostic
from translators.policy.workload import Workload


def tenancy(draft: Draft, before: Draft) -> Table[None]:
    """Return no rows, but a finding for each document whose tenant does not exist."""
    catalogue = draft.catalogue

    def make(key: str, findings: list[Diagnostic]) -> None:
        kind, _, reference = key.partition("/")
        document = catalogue.kinds.get(kind, {}).get(reference)
        if document is not None and document.tenant:
            path = ("metadata", "tenant")
            refer_plain(catalogue, document, path, "Tenant", document.tenant, findings)

    if catalogue.renamed("Tenant"):
        keys = {f"{kind}/{name}" for kind, known in catalogue.kinds.items() for name in known}
    else:
        keys = {f"{kind}/{name}" for kind, names in catalogue.changed.items() for name in names}
    return renewed(before.tenancy, keys | before.tenancy.findings.keys(), make)


def members(draft: Draft, before: Draft) -> Table[Member]:
    """Return every workload whose tenant, segment and host exist, and every dangling reference."""
    catalogue = draft.catalogue

    def make(name: str, findings: list[Diagnostic]) -> Member | None:
        found = catalogue.get(Workload, name)
        if found is None:
            return None
        document, workload = found
        spec = workload.spec
        path = ("spec", "segment")
        segment = refer(catalogue, document, path, "Segment", spec.segment, findings)
        host = refer_plain(catalogue, document, ("spec", "host"), "Host", spec.host, findings)
        if segment and host and catalogue.has("Tenant", document.tenant):
            return Member(name, segment, document, workload)
        return None

    names = catalogue.touched("Workload") | before.members.findings.keys()
    if catalogue.renamed("Tenant", "Segment", "Host"):
        names |= catalogue.names("Workload")
    return renewed(before.members, names, make, ordered=False)


def moved(draft: Draft, before: Draft) -> Collection[tuple[Member | None, Member | None]]:
    """Return the members that came, went or changed: as they were, and as they are."""
    old, new = before.members.rows, draft.members.rows
    return [(old.get(name), new.get(name)) for name in sorted(draft.members.changed)]


def regarded(
    pairs: Iterable[tuple[Member | None, Member | None]],
) -> list[tuple[Member | None, Member | None]]:
    """Return those pairs in which more than addresses differs to a selector or a service."""
    return [
        (old, new)
        for old, new in pairs
        if old is None or new is None or _regarded(old) != _regarded(new)
    ]


def _regarded(member: Member) -> tuple[object, ...]:
    return member.segment, member.labels, member.model.spec.drain

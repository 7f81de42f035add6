"""Which workload answers DHCP in a segment."""

from __future__ import annotations

from translators.compiler.draft import Draft
from translators.compiler.findings import finding
from translators.compiler.references import refer
from translators.diagnostics import Diagnostic
from translators.policy.document import Document
from translators.policy.segment import Segment


def server(
    draft: Draft, document: Document, segment: Segment, findings: list[Diagnostic]
) -> str | None:
    """Return the name of a segment's DHCP server; None, and a finding, if it cannot be one."""
    reference, path = segment.spec.dhcp_server, ("spec", "dhcpServer")
    if reference is None:
        return None
    name = refer(draft.catalogue, document, path, "Workload", reference, findings)
    member = draft.members.rows.get(name) if name is not None else None
    if member is None:
        return None
    if member.segment != document.reference:
        message = f"workload {name} is in segment {member.segment}"
        findings.append(finding("FS2024", document, path, message))
        return None
    return name


def serving(draft: Draft) -> set[str]:
    """Return the segments whose server may have become another, or may now be missing."""
    if not draft.members.changed and not draft.catalogue.renamed("Workload"):
        return set()
    segments = draft.catalogue.of(Segment)
    return {d.reference for d, segment in segments if segment.spec.dhcp_server is not None}

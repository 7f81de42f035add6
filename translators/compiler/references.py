"""Names to objects: references stay inside their tenant, and what they name must exist."""

from __future__ import annotations

from difflib import get_close_matches

from translators.compiler.catalogue import Catalogue
from translators.compiler.findings import finding
from translators.diagnostics import Diagnostic
from translators.policy.document import Document, Path


def refer(
    catalogue: Catalogue,
    document: Document,
    path: Path,
    kind: str,
    reference: str,
    findings: list[Diagnostic],
    code: str = "FS1101",
) -> str | None:
    """Return the full name that a reference means, or None with a finding added.

    ``name`` and ``tenant/name`` with the document's own tenant mean the same.
    """
    full = reference
    if document.tenant and "/" not in reference:
        full = f"{document.tenant}/{reference}"
    tenant = full.rpartition("/")[0]
    if document.tenant and tenant != document.tenant:
        message = f"{reference} is of tenant {tenant}, not of {document.tenant}"
        findings.append(finding("FS1102", document, path, message))
        return None
    if "/" not in full:
        findings.append(
            finding(code, document, path, f"{full} names no tenant", "write tenant/name")
        )
        return None
    return refer_plain(catalogue, document, path, kind, full, findings, code)


def refer_plain(
    catalogue: Catalogue,
    document: Document,
    path: Path,
    kind: str,
    name: str,
    findings: list[Diagnostic],
    code: str = "FS1101",
) -> str | None:
    """Return a full name, or None with a finding added if there is no such object."""
    if catalogue.has(kind, name):
        return name
    mend = _meant(catalogue, kind, name)
    message = f"no {kind.lower()} {name} is defined"
    findings.append(finding(code, document, path, message, mend))
    return None


def _meant(catalogue: Catalogue, kind: str, full: str) -> str:
    tenant, slash, name = full.rpartition("/")
    prefix = f"{tenant}{slash}"
    names = catalogue.names(kind)
    known = sorted(own.removeprefix(prefix) for own in names if own.startswith(prefix))
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {tenant}{slash}{near[0]}?" if near else ""

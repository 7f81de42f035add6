"""Documents to a catalogue: in order of their keys, each key once."""

from __future__ import annotations

from collections.abc import Iterable

from translators.compiler.draft import Catalogue, finding
from translators.diagnostics import Diagnostic
from translators.policy.document import Document


def catalogue(documents: Iterable[Document]) -> tuple[Catalogue, tuple[Diagnostic, ...]]:
    """Return the catalogue; of two documents with one key the first in the text stays."""
    kept: dict[str, Document] = {}
    findings = []
    for document in sorted(documents, key=lambda d: (d.key, d.origin, d.source)):
        first = kept.setdefault(document.key, document)
        if first is not document:
            message = f"{document.kind} {document.reference} is defined at {first.origin} already"
            findings.append(finding("FS1016", document, ("metadata", "name"), message))
    return Catalogue(kept), tuple(findings)

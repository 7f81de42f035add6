"""What the compiler finds, at the line of the field that it is about."""

from __future__ import annotations

from collections.abc import Iterable

from translators.diagnostics import Diagnostic, report
from translators.plan.model import Origin
from translators.policy.document import Document


def origin_of(document: Document, *path: str | int) -> Origin:
    """Return where a document or one of its fields stands, as the plan records it."""
    return Origin(document.origin.file, document.line(*path))


def finding(
    code: str, document: Document, path: Iterable[str | int], message: str, mend: str = ""
) -> Diagnostic:
    """Return a finding about a field of a document."""
    steps = tuple(path)
    spelled = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).lstrip(".")
    origin = document.at(*steps)
    return report(code, origin.file, origin.line, message, mend, spelled)

"""Diagnostics: what is wrong with an input, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from translators.codes import CODES, Code, Severity

__all__ = ["CODES", "Code", "Diagnostic", "Severity", "has_errors", "report"]


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One finding in an author's input."""

    file: str
    line: int
    code: str
    message: str
    mend: str
    path: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        mark = "" if self.severity is Severity.ERROR else f" {self.severity}:"
        return f"{self.file}:{self.line}: {self.code}{mark} {self.message}, {self.mend}"


def report(
    code: str, file: str, line: int, message: str, mend: str = "", path: str = ""
) -> Diagnostic:
    """Return a finding of a registered kind; an empty ``mend`` takes the code's own.

    Raises KeyError if nobody registered the code: that is our own bug.
    """
    entry = CODES[code]
    return Diagnostic(file, line, code, message, mend or entry.mend, path, entry.severity)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any finding stops the change."""
    return any(d.severity is Severity.ERROR for d in diagnostics)

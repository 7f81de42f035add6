"""Diagnostics: what is wrong with an input, where, and how to mend it; codes are never reused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Errors stop a change; warnings are shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """A registered kind of diagnostic, with the page that explains it."""

    code: str
    severity: Severity
    title: str
    cause: str
    mend: str


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


def has_errors(diagnostics: tuple[Diagnostic, ...]) -> bool:
    """Whether any finding stops the change."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


CODES: dict[str, Code] = {}

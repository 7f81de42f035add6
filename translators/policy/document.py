"""A document: one object of an author's input, with its place in the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from translators.policy.shape import Thing

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where an author wrote it; ``line`` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Document:
    """One object: loading ``source`` at ``origin`` again gives an equal document."""

    kind: str
    tenant: str  # "" for kinds that belong to no tenant
    name: str
    origin: Origin  # its first line
    source: str
    model: Thing = field(compare=False, repr=False)
    lines: Mapping[Path, int] = field(compare=False, repr=False)
    # ``tenant/name``, or ``name`` for kinds that belong to no tenant: what others refer to.
    reference: str = field(init=False, compare=False, repr=False)
    # ``kind/tenant/name``, the kind in lower case.
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        reference = f"{self.tenant}/{self.name}" if self.tenant else self.name
        object.__setattr__(self, "reference", reference)
        object.__setattr__(self, "key", f"{self.kind.lower()}/{reference}")

    def line(self, *path: str | int) -> int:
        """Return the line of a field, or of the nearest thing around it."""
        return line_of(self.lines, path, self.origin.line)

    def at(self, *path: str | int) -> Origin:
        """Return the origin of a field."""
        return Origin(self.origin.file, self.line(*path))


def line_of(lines: Mapping[Path, int], path: Path, default: int) -> int:
    """Return the line of the longest part of ``path`` that the text has."""
    for length in range(len(path), 0, -1):
        if (found := lines.get(path[:length])) is not None:
            return found
    return default


def spelled(path: Path) -> str:
    """Return a path as messages show it: ``spec.rules[0].action``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")

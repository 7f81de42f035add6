"""The draft that the compiler's passes hand on: documents, what they refer to, and the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from translators.compiler.allocations import Allocations
from translators.diagnostics import Diagnostic, report
from translators.plan.model import Origin, Plan
from translators.policy.document import Document
from translators.policy.policy import Rule as RuleModel
from translators.policy.service import Service as ServiceModel
from translators.policy.shape import Thing
from translators.policy.workload import Workload as WorkloadModel

T = TypeVar("T", bound=Thing)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All documents by key, each key once, in order of their keys."""

    documents: Mapping[str, Document]

    def of(self, kind: type[T]) -> Sequence[tuple[Document, T]]:
        """Return every document of a kind with its model."""
        found = []
        for document in self.documents.values():
            model = document.model
            if isinstance(model, kind):
                found.append((document, model))
        return found

    def has(self, kind: str, reference: str) -> bool:
        """Whether a document of this kind and reference (``tenant/name``) exists."""
        return f"{kind.lower()}/{reference}" in self.documents


@dataclass(frozen=True, slots=True)
class Member:
    """A workload whose tenant, segment and host exist."""

    name: str
    segment: str
    document: Document
    model: WorkloadModel


@dataclass(frozen=True, slots=True)
class Group:
    """A service whose segment and endpoints are known."""

    name: str
    segment: str
    endpoints: tuple[str, ...]
    subsets: Mapping[str, tuple[str, ...]]
    document: Document
    model: ServiceModel


@dataclass(frozen=True, slots=True)
class Selection:
    """What a policy's selectors select, sorted; ``named`` are endpoints that it means by name.

    Endpoints that only ``any`` or ``segment`` select are not among ``named``.
    """

    sources: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()
    broad: bool = False  # the sources are selected by any or segment


@dataclass(frozen=True, slots=True)
class Clause:
    """A rule of a policy with what it selects, before it has its place in the order."""

    name: str
    document: Document
    index: int
    model: RuleModel
    selection: Selection
    priority: int
    denial: bool  # its policy only denies

    def at(self, *path: str | int) -> Origin:
        """Return the origin of the rule or of one of its fields."""
        return origin_of(self.document, "spec", "rules", self.index, *path)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the passes have found so far."""

    catalogue: Catalogue
    stored: Allocations = field(default_factory=Allocations)
    numbers: Allocations = field(default_factory=Allocations)
    members: Mapping[str, Member] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()
    plan: Plan = field(default_factory=Plan)
    findings: tuple[Diagnostic, ...] = ()


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

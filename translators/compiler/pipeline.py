"""The compiler: documents to a plan, by passes in reading order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from translators.compiler.allocate import allocate
from translators.compiler.allocations import Allocations
from translators.compiler.catalogue import catalogue
from translators.compiler.check import check
from translators.compiler.draft import Draft
from translators.compiler.nouns import nouns
from translators.compiler.order import order
from translators.compiler.place import place
from translators.compiler.raw import raw
from translators.compiler.resolve import resolve
from translators.diagnostics import Diagnostic
from translators.plan.model import Plan
from translators.policy.document import Document

Pass = Callable[[Draft], Draft]

PASSES: tuple[Pass, ...] = (
    resolve,  # names and selectors -> endpoint sets
    allocate,  # a number for each object, virtual addresses for services
    nouns,  # what exists
    raw,  # what authors wrote in Envoy's own language
    order,  # priorities -> one total order of rules
    place,  # which layer carries each rule, and why
    check,  # what contradicts, collides or leads nowhere
)


@dataclass(frozen=True, slots=True)
class Compilation:
    """A plan, what is wrong with it, and the allocations to keep for the next compilation.

    With an error among the diagnostics the plan is what could be understood: show it, never
    run it.
    """

    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    allocations: Allocations


def compile_policy(
    documents: Sequence[Document],
    allocations: Allocations = Allocations(),  # noqa: B008 - frozen and empty
) -> Compilation:
    """Return the plan that the documents stand for, whatever order they come in."""
    known, repeated = catalogue(documents)
    draft = Draft(known, stored=allocations, findings=repeated)
    for step in PASSES:
        draft = step(draft)
    return Compilation(draft.plan, tuple(sorted(set(draft.findings))), draft.numbers)

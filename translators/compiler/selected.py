"""Which policies select something that a change has touched."""

from __future__ import annotations

from translators.compiler.draft import Draft, Group, Member
from translators.compiler.members import moved, regarded
from translators.compiler.select import offers, own_name, picks
from translators.policy.document import Document
from translators.policy.policy import Policy

Moves = list[tuple[Member | None, Member | None]]
Regroups = list[tuple[Group | None, Group | None]]


def selecting(draft: Draft, before: Draft) -> set[str]:
    """Return the policies whose selection, or what it means, may have changed.

    A changed address counts only for policies that select by address.
    """
    catalogue = draft.catalogue
    touched = catalogue.renamed("Workload", "Service")
    groups, pairs = _regroups(draft, before), list(moved(draft, before))
    seen = regarded(pairs)
    found = set()
    for name, row in before.clauses.rows.items() if pairs or groups or touched else ():
        moves = pairs if row.by_address else seen
        if not (moves or groups or touched):
            continue
        known = catalogue.get(Policy, name)
        if known is not None and (
            _picked(*known, moves) or _offered(*known, groups) or _referred(*known, touched)
        ):
            found.add(name)
    return found


def _regroups(draft: Draft, before: Draft) -> Regroups:
    old, new = before.groups.rows, draft.groups.rows
    return [(old.get(name), new.get(name)) for name in sorted(draft.groups.changed)]


def _picked(document: Document, policy: Policy, moves: Moves) -> bool:
    """Whether a workload came into the selection or left it."""
    return any(
        picks(document, source, old) != picks(document, source, new)
        for old, new in moves
        for source in (*policy.spec.from_, *policy.spec.to)
    )


def _offered(document: Document, policy: Policy, groups: Regroups) -> bool:
    """Whether a service that is selected, or was, has changed: its ports and subsets count too."""
    return any(
        offers(document, destination, old) or offers(document, destination, new)
        for old, new in groups
        for destination in policy.spec.to
    )


def _referred(document: Document, policy: Policy, touched: frozenset[str]) -> bool:
    """Whether a document that is named came or went: a reference to it may dangle."""
    if not touched:
        return False
    named = [s.workload for s in (*policy.spec.from_, *policy.spec.to)]
    named += [destination.service for destination in policy.spec.to]
    named += [rule.mirror.workload for rule in policy.spec.rules if rule.mirror is not None]
    return any(name is not None and own_name(document, name) in touched for name in named)

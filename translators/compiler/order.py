"""Priorities to one total order: the plan's rules, of which the first match decides."""

from __future__ import annotations

from dataclasses import replace

from translators.compiler.draft import Clause, Draft
from translators.compiler.matches import http_of, route_of, transport_of
from translators.plan.model import Action, Layer, Rule

_PINS = {"proxy": Layer.PROXY, "vswitch": Layer.VSWITCH, "fabric": Layer.FABRIC}


def order(draft: Draft) -> Draft:
    """Return the draft with its clauses, and the plan's rules, in deciding order.

    Higher priority first; among equals policies that only deny, then by name; then as written.
    """
    clauses = tuple(sorted(draft.clauses, key=_rank))
    rules = tuple(_rule(clause, draft.numbers.rules[clause.name]) for clause in clauses)
    return replace(draft, clauses=clauses, plan=replace(draft.plan, rules=rules))


def _rank(clause: Clause) -> tuple[int, bool, str, int]:
    return -clause.priority, not clause.denial, clause.document.reference, clause.index


def _rule(clause: Clause, number: int) -> Rule:
    model, selection = clause.model, clause.selection
    return Rule(
        name=clause.name,
        number=number,
        tenant=clause.document.tenant,
        action=Action(model.action or "allow"),
        sources=selection.sources,
        endpoints=selection.endpoints,
        services=selection.services,
        transport=transport_of(model.match),
        http=http_of(model.match.http),
        route=route_of(model.route),
        enforce=_PINS.get(model.enforce),
        origin=clause.at(),
    )

"""Priorities to one total order: the plan's rules, of which the first match decides."""

from __future__ import annotations

from translators.compiler.draft import Clause, Draft, Ranked
from translators.compiler.matches import http_of, route_of, shaping_of, transport_of
from translators.compiler.select import own_name
from translators.compiler.table import Table, differing, renewed
from translators.diagnostics import Diagnostic
from translators.plan.index import RuleIndex
from translators.plan.model import Action, Layer, Rule

_PINS = {"proxy": Layer.PROXY, "vswitch": Layer.VSWITCH, "fabric": Layer.FABRIC}


def rules(draft: Draft, before: Draft) -> Table[Ranked]:
    """Return a rule for each clause, by name, each with its rank in the deciding order."""
    new, old = draft.clauses.rows, before.clauses.rows
    names = differing(before.numbers.rules, draft.numbers.rules)
    clauses: dict[str, Clause] = {}
    for policy in {*draft.clauses.changed, *(name.partition("[")[0] for name in names)}:
        names.update(c.name for c in (old[policy].clauses if policy in old else ()))
        clauses.update((c.name, c) for c in (new[policy].clauses if policy in new else ()))

    def make(name: str, _findings: list[Diagnostic]) -> Ranked | None:
        clause = clauses.get(name)
        if clause is None:
            return None
        rule, held = _rule(clause, draft.numbers.rules[name]), before.rules.rows.get(name)
        same = held is not None and held.rule.sources == rule.sources
        sources = held.sources if held is not None and same else frozenset(rule.sources)
        return Ranked(rule, clause, clause.rank, sources)

    return renewed(before.rules, names | clauses.keys(), make)


def index(draft: Draft, before: Draft) -> RuleIndex:
    """Return which rules are about which services and endpoints."""
    known = before.index
    old, rows = before.rules.rows, draft.rules.rows
    changed = [n for n in draft.rules.changed if _indexed(old.get(n)) != _indexed(rows.get(n))]
    if changed:
        gone, new = ([rows[n].rule for n in changed if n in rows] for rows in (old, rows))
        known = known.with_rules(gone, new, {name: row.rank for name, row in rows.items()})
    if draft.services.changed:
        left = [before.services.rows.get(name) for name in draft.services.changed]
        come = [draft.services.rows.get(name) for name in draft.services.changed]
        known = known.with_services([s for s in left if s], [s for s in come if s])
    return known


def _indexed(row: Ranked | None) -> tuple[object, ...]:
    """Return what of a rule decides on its places in the index."""
    if row is None:
        return ()
    rule = row.rule
    return (row.rank, rule.services, rule.endpoints, rule.sources)


def _mirror_of(clause: Clause) -> str | None:
    model = clause.model.mirror
    return None if model is None else own_name(clause.document, model.workload)


def _rule(clause: Clause, number: int) -> Rule:
    model, selection = clause.model, clause.selection
    route = route_of(model.route)
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
        route=None if clause.balances else route,
        enforce=_PINS.get(model.enforce),
        origin=clause.at(),
        externals=selection.externals,
        drain=clause.drain or None,
        shape=shaping_of(model.shape),
        mirror=_mirror_of(clause),
        balance=route.shares if route is not None and clause.balances else (),
    )

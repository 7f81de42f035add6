"""The compiler: documents to a plan, along the graph of what is worked out from what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from translators.compiler import (
    addresses,
    allocate,
    claims,
    clauses,
    groups,
    members,
    mirrors,
    nouns,
    order,
    place,
    raw,
    roster,
    wiring,
)
from translators.compiler.advice import Advice
from translators.compiler.allocations import Allocations
from translators.compiler.catalogue import catalogue
from translators.compiler.draft import Draft
from translators.compiler.table import Table, exchanged
from translators.diagnostics import Diagnostic
from translators.plan.lineage import Lineage
from translators.plan.model import Plan
from translators.policy.document import Document
from translators.policy.documents import Documents, documents

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Step:
    """How one field of the draft is made, and the fields that it is made from.

    ``make`` is given the draft so far and that of the compilation before, of which it may read
    these fields and its own. It makes again only what may have become another.
    """

    make: Callable[[Draft, Draft], Any]
    reads: tuple[str, ...]

    @property
    def name(self) -> str:
        """The field of the draft that the step makes."""
        return self.make.__name__


# The dependency graph, in an order in which every step stands below what it reads.
GRAPH: tuple[Step, ...] = (
    Step(members.tenancy, ("catalogue",)),
    Step(members.members, ("catalogue",)),
    Step(roster.roster, ("members",)),
    Step(groups.groups, ("catalogue", "members", "roster")),
    Step(clauses.clauses, ("catalogue", "members", "roster", "groups")),
    Step(allocate.numbers, ("catalogue", "stored", "members", "groups", "clauses")),
    Step(allocate.vips, ("catalogue", "stored", "members", "groups")),
    Step(nouns.tenants, ("catalogue", "numbers")),
    Step(nouns.segments, ("catalogue", "numbers", "members")),
    Step(nouns.hosts, ("catalogue", "numbers")),
    Step(nouns.endpoints, ("members", "numbers")),
    Step(addresses.addresses, ("endpoints",)),
    Step(nouns.services, ("groups", "numbers", "vips")),
    Step(nouns.switches, ("catalogue",)),
    Step(nouns.links, ("catalogue",)),
    Step(raw.raw_resources, ("catalogue",)),
    Step(raw.raw_patches, ("catalogue",)),
    Step(order.rules, ("clauses", "numbers")),
    Step(order.index, ("rules", "services")),
    Step(place.journeys, ("rules", "index", "services", "endpoints", "segments")),
    Step(place.placements, ("rules", "index", "services", "endpoints", "segments", "journeys")),
    Step(claims.claims, ("catalogue",)),
    Step(wiring.wiring, ("catalogue", "members", "groups")),
    Step(mirrors.mirrors, ("rules", "endpoints", "hosts")),
)

# What advice reads of both drafts. It is no step: nothing is made of it, and devices do not wait.
ADVISED_BY = ("rules", "index", "services", "endpoints", "segments", "hosts", "journeys")


@dataclass(frozen=True, slots=True)
class Compilation:
    """A plan, what is wrong with it, and the allocations to keep for the next compilation.

    ``findings`` have every error there is. With one among them the plan is what could be
    understood: show it, never run it. ``draft`` is what the next compilation may take over.
    """

    plan: Plan
    findings: tuple[Diagnostic, ...]
    allocations: Allocations
    draft: Draft = field(default_factory=Draft, compare=False, repr=False)
    advice: Advice = field(default_factory=Advice, compare=False, repr=False)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The findings with the advice, sorted."""
        return self.advised(self.findings)

    def advised(self, findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Return findings with the advice, sorted; that is worked out when first asked for."""
        return tuple(sorted({*findings, *self.advice}))


NOTHING = Compilation(Plan(), (), Allocations())


def compile_policy(
    given: Iterable[Document] | Documents,
    allocations: Allocations = Allocations(),  # noqa: B008 - frozen and empty
    before: Compilation = NOTHING,
) -> Compilation:
    """Return the plan that the documents stand for, whatever order they come in.

    What was compiled ``before`` spares the work for all that does not depend on what has changed;
    the result is the same without it.
    """
    read = given if isinstance(given, Documents) else documents(given)
    known, repeated = catalogue(read, before.draft.catalogue)
    draft = Draft(known, allocations)
    for step in GRAPH:  # filled in place: a copy a step would be a quarter of a small change
        object.__setattr__(draft, step.name, step.make(draft, before.draft))
    numbers = replace(draft.numbers, vips=draft.vips.rows)
    findings = (*repeated, *_findings(draft))
    advice = Advice(draft, before.draft, before.advice)
    return Compilation(_plan(draft, before), findings, numbers, draft, advice)


def _findings(draft: Draft) -> tuple[Diagnostic, ...]:
    found: set[Diagnostic] = set()
    for step in GRAPH:
        table = getattr(draft, step.name)
        if isinstance(table, Table):
            found.update(d for own in table.findings.values() for d in own)
    return tuple(sorted(found))


def _plan(draft: Draft, before: Compilation) -> Plan:
    """Return the plan; parts in which nothing has changed are the same tuples as before."""
    plan, held = before.plan, before.draft

    def part(name: str, build: Callable[[Mapping[str, Any]], Iterable[Any]]) -> tuple[Any, ...]:
        now: Table[Any] = getattr(draft, _TABLE.get(name, name))
        then: Table[Any] = getattr(held, _TABLE.get(name, name))
        same: tuple[Any, ...] = getattr(plan, name)
        return same if now.rows is then.rows else tuple(build(now.rows))

    builds = dict(_PARTS)
    if draft.index.ranks is held.index.ranks:  # the order stands: to sort is to compare all of it
        builds["rules"] = lambda rows: (rows[rule.name].rule for rule in plan.rules)
    moved = draft.endpoints.changed
    builds["endpoints"] = lambda rows: exchanged(plan.endpoints, rows, moved)
    parts = {name: part(name, build) for name, build in builds.items()}
    if all(parts[name] is getattr(plan, name) for name in _PARTS):
        return plan
    return Plan(**parts, made=_lineage(draft, plan)).indexed(draft.index, draft.addresses.holder)


def _lineage(draft: Draft, plan: Plan) -> Lineage:
    tables: dict[str, Table[Any]] = {name: getattr(draft, name) for name in _NAMED}
    known = {name: tables[name].rows for name in _NAMED if name != "rules"}
    return Lineage(known, {n: (getattr(plan, n), table.changed) for n, table in tables.items()})


def _values(rows: Mapping[str, V]) -> Iterable[V]:
    return rows.values()


def _flat(rows: Mapping[str, Iterable[V]]) -> Iterable[V]:
    return (thing for things in rows.values() for thing in things)


# The parts whose objects have the names of their rows.
_NAMED = ("tenants", "segments", "hosts", "endpoints", "services", "rules")

# How each part of the plan is read off the table of its name, in its order.
_TABLE = {"captures": "journeys"}
_PARTS: dict[str, Callable[[Mapping[str, Any]], Iterable[Any]]] = {
    **dict.fromkeys(
        ("tenants", "segments", "hosts", "endpoints", "services", "switches", "links"), _values
    ),
    "rules": lambda rows: (r.rule for r in sorted(rows.values(), key=lambda row: row.rank)),
    "captures": lambda rows: (c for row in rows.values() for c in row.captures),
    "placements": _flat,
    "raw_resources": lambda rows: sorted(_flat(rows), key=lambda one: one.name),
    "raw_patches": _values,
}

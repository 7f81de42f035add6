"""Numbers and virtual addresses for everything that the draft has found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from translators.compiler.allocations import Allocations, address, number
from translators.compiler.draft import Clauses, Draft, Group
from translators.compiler.findings import finding
from translators.compiler.outside import EXTERNAL
from translators.compiler.routers import router_of
from translators.compiler.table import Table, renewed
from translators.diagnostics import Diagnostic
from translators.plan.model import Address
from translators.policy.host import Host
from translators.policy.segment import Segment, SegmentSpec

_TENANTS, _ZONES = 2**16 - 1, 2**16 - 1  # a conntrack zone has 16 bits
_IDENTITIES, _PORTS = 2**24 - 1, 2**24 - 1
_RULES = 2**32 - 1  # half a cookie

Numbers = Mapping[str, int]
Held = Mapping[str, tuple[Address, ...]]


def numbers(draft: Draft, before: Draft) -> Allocations:
    """Return a number for each object; virtual addresses are found by ``vips``.

    Routers are numbered among the segments, since both are conntrack zones, and so is the outside.
    """
    stored, held = draft.stored, before.numbers
    kinds = draft.catalogue.kinds
    ports = held.ports if draft.groups.rows is before.groups.rows else _ports(draft)
    known = before.catalogue.kinds
    same = all(kinds.get(kind) is known.get(kind) for kind in ("Segment", "Host"))
    zones = held.segments if same else _zones(draft)
    rules = held.rules if _same_rules(draft, before) else _rules(draft)
    members = held.endpoints if _same_members(draft, before) else draft.members.rows
    return Allocations(
        tenants=_numbered(kinds.get("Tenant", ()), stored.tenants, held.tenants, _TENANTS),
        segments=_numbered(zones, stored.segments, held.segments, _ZONES),
        endpoints=_numbered(members, stored.endpoints, held.endpoints, _IDENTITIES),
        ports=_numbered(ports, stored.ports, held.ports, _PORTS),
        rules=_numbered(rules, stored.rules, held.rules, _RULES),
    )


def _same_members(draft: Draft, before: Draft) -> bool:
    """Whether no workload came or went; thousands of names are not compared for one that moved."""
    now, then = draft.members.rows, before.members.rows
    return now is then or not any((n in now) != (n in then) for n in draft.members.changed)


def _same_rules(draft: Draft, before: Draft) -> bool:
    """Whether every policy has rules of the same names as before."""
    now, then = draft.clauses, before.clauses

    def names(row: Clauses | None) -> list[str]:
        return [] if row is None else [clause.name for clause in row.clauses]

    return now.rows is then.rows or all(
        names(now.rows.get(name)) == names(then.rows.get(name)) for name in now.changed
    )


def _zones(draft: Draft) -> Iterable[str]:
    segments = list(draft.catalogue.of(Segment))
    routers = [router_of(document, segment) for document, segment in segments]
    outside = any(host.spec.external for _, host in draft.catalogue.of(Host))
    shared = [*(router for router in routers if router), *([EXTERNAL] if outside else ())]
    return [*(document.reference for document, _ in segments), *shared]


def _ports(draft: Draft) -> Iterable[str]:
    groups = draft.groups.rows.values()
    return [f"{group.name}:{port.name}" for group in groups for port in group.model.spec.ports]


def _rules(draft: Draft) -> Iterable[str]:
    return [clause.name for row in draft.clauses.rows.values() for clause in row.clauses]


def _numbered(names: Iterable[str], stored: Numbers, held: Numbers, largest: int) -> Numbers:
    """Return the numbers; those of before where they are stored and nothing came or went."""
    if stored is held and names is held:
        return held
    keys = names.keys() if isinstance(names, dict) else set(names)
    if (stored is held or stored == held) and held.keys() == keys:
        return held
    return number(keys, stored, largest)


def vips(draft: Draft, before: Draft) -> Table[tuple[Address, ...]]:
    """Return the virtual addresses of each service that has written none down."""
    if _stands(draft, before):
        return renewed(before.vips, (), lambda _name, _findings: None)
    given, findings = _given(draft)

    def make(name: str, found: list[Diagnostic]) -> tuple[Address, ...] | None:
        found.extend(findings.get(name, ()))
        return given.get(name)

    return renewed(before.vips, given.keys() | before.vips.rows.keys(), make)


def _stands(draft: Draft, before: Draft) -> bool:
    """Whether everything that decides on virtual addresses is as it was."""
    if draft.catalogue.touched("Segment") or before.vips.findings or _rehomed(draft, before):
        return False
    held, stored = before.vips.rows, draft.stored.vips
    if stored is not held and stored != held:
        return False
    moved = [draft.members.rows.get(name) for name in draft.members.changed]
    claimed = {a for member in moved if member for a in member.model.spec.addresses}
    pools = [pool for _, segment in draft.catalogue.of(Segment) for pool in segment.spec.services]
    return not any(address in pool for address in claimed for pool in pools)


def _rehomed(draft: Draft, before: Draft) -> bool:
    """Whether a service came or went, is in another segment or has other addresses of its own."""
    old, new = before.groups.rows, draft.groups.rows
    return any(
        name not in old or name not in new or _home(old[name]) != _home(new[name])
        for name in draft.groups.changed
    )


def _home(group: Group) -> tuple[str, object]:
    return group.segment, group.model.spec.addresses


def _given(draft: Draft) -> tuple[Held, Mapping[str, list[Diagnostic]]]:
    segments = {d.reference: model.spec for d, model in draft.catalogue.of(Segment)}
    waiting = [g for g in draft.groups.rows.values() if g.model.spec.addresses is None]
    taken = _taken(draft)
    given: dict[str, dict[int, Address]] = {}
    for group in waiting:
        stored = draft.stored.vips.get(group.name, ())
        given[group.name] = _kept(stored, segments[group.segment], taken)
    findings: dict[str, list[Diagnostic]] = {}
    for group in waiting:
        spec, found = segments[group.segment], findings.setdefault(group.name, [])
        if not spec.services:
            message = f"segment {group.segment} has no pool for the addresses of {group.name}"
            found.append(finding("FS4004", group.document, ("spec",), message))
        for family in sorted({pool.version for pool in spec.services} - set(given[group.name])):
            found.extend(_fill(group, spec, family, given[group.name], taken))
    held = {name: tuple(a for _, a in sorted(found.items())) for name, found in given.items()}
    return held, findings


def _taken(draft: Draft) -> set[Address]:
    """Return every address that an author has written down."""
    taken = {a for m in draft.members.rows.values() for a in m.model.spec.addresses}
    taken |= {a for _, segment in draft.catalogue.of(Segment) for a in segment.spec.gateways}
    return taken | {a for g in draft.groups.rows.values() for a in g.model.spec.addresses or ()}


def _kept(
    stored: tuple[Address, ...], spec: SegmentSpec, taken: set[Address]
) -> dict[int, Address]:
    """Return the stored addresses that are still free and in the pool, now taken, by family."""
    kept: dict[int, Address] = {}
    for held in stored:
        if held not in taken and any(held in pool for pool in spec.services):
            kept.setdefault(held.version, held)
    taken.update(kept.values())
    return kept


def _fill(
    group: Group, spec: SegmentSpec, family: int, given: dict[int, Address], taken: set[Address]
) -> list[Diagnostic]:
    pools = [pool for pool in spec.services if pool.version == family]
    found = address(group.name, pools, spec.subnets, taken)
    if found is None:
        message = f"the pool of segment {group.segment} has no IPv{family} address left"
        return [finding("FS4005", group.document, ("spec",), message)]
    given[family] = found
    taken.add(found)
    return []

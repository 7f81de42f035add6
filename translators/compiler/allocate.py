"""Numbers and virtual addresses for everything that the draft has found."""

from __future__ import annotations

from dataclasses import replace

from translators.compiler.allocations import Allocations, address, number
from translators.compiler.draft import Draft, Group, finding
from translators.diagnostics import Diagnostic
from translators.plan.model import Address
from translators.policy.segment import Segment, SegmentSpec
from translators.policy.tenant import Tenant

_TENANTS, _ZONES = 2**16 - 1, 2**16 - 1  # a conntrack zone has 16 bits
_IDENTITIES, _PORTS = 2**24 - 1, 2**24 - 1
_RULES = 2**32 - 1  # half a cookie


def allocate(draft: Draft) -> Draft:
    """Return the draft with a number for each object and virtual addresses for each service."""
    catalogue, stored = draft.catalogue, draft.stored
    tenants = [document.reference for document, _ in catalogue.of(Tenant)]
    segments = [document.reference for document, _ in catalogue.of(Segment)]
    ports = [f"{g.name}:{p.name}" for g in draft.groups.values() for p in g.model.spec.ports]
    vips, findings = _vips(draft)
    numbers = Allocations(
        tenants=number(tenants, stored.tenants, _TENANTS),
        segments=number(segments, stored.segments, _ZONES),
        endpoints=number(draft.members, stored.endpoints, _IDENTITIES),
        ports=number(ports, stored.ports, _PORTS),
        rules=number((clause.name for clause in draft.clauses), stored.rules, _RULES),
        vips=vips,
    )
    return replace(draft, numbers=numbers, findings=draft.findings + tuple(findings))


def _vips(draft: Draft) -> tuple[dict[str, tuple[Address, ...]], list[Diagnostic]]:
    segments = {d.reference: model.spec for d, model in draft.catalogue.of(Segment)}
    waiting = [g for _, g in sorted(draft.groups.items()) if g.model.spec.addresses is None]
    taken = _taken(draft)
    given: dict[str, dict[int, Address]] = {}
    for group in waiting:
        stored = draft.stored.vips.get(group.name, ())
        given[group.name] = _kept(stored, segments[group.segment], taken)
    findings: list[Diagnostic] = []
    for group in waiting:
        spec = segments[group.segment]
        if not spec.services:
            message = f"segment {group.segment} has no pool for the addresses of {group.name}"
            findings.append(finding("FS4004", group.document, ("spec",), message))
        for family in sorted({pool.version for pool in spec.services} - set(given[group.name])):
            findings.extend(_fill(group, spec, family, given[group.name], taken))
    held = {name: tuple(a for _, a in sorted(found.items())) for name, found in given.items()}
    return held, findings


def _taken(draft: Draft) -> set[Address]:
    """Return every address that an author has written down."""
    taken = {a for m in draft.members.values() for a in m.model.spec.addresses}
    taken |= {a for _, segment in draft.catalogue.of(Segment) for a in segment.spec.gateways}
    return taken | {a for g in draft.groups.values() for a in g.model.spec.addresses or ()}


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

"""The draft that the compiler's steps fill: what each of them has found, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from immutables import Map

from translators.compiler.allocations import Allocations
from translators.compiler.catalogue import Catalogue
from translators.compiler.findings import origin_of
from translators.compiler.table import Table
from translators.plan.index import RuleIndex
from translators.plan.model import (
    Address,
    Capture,
    Endpoint,
    Host,
    Link,
    Network,
    Origin,
    Placement,
    RawPatch,
    RawResource,
    Rule,
    Segment,
    Service,
    Switch,
    Tenant,
)
from translators.policy.document import Document
from translators.policy.policy import Rule as RuleModel
from translators.policy.service import Service as ServiceModel
from translators.policy.workload import Workload as WorkloadModel

if TYPE_CHECKING:
    from translators.compiler.claims import Claim

Rank = tuple[int, bool, str, int]


@dataclass(frozen=True, slots=True)
class Member:
    """A workload whose tenant, segment and host exist."""

    name: str
    segment: str
    document: Document
    model: WorkloadModel

    @property
    def tenant(self) -> str:
        """The tenant's name."""
        return self.document.tenant

    @property
    def labels(self) -> Mapping[str, str]:
        """What selectors are held against."""
        return self.model.metadata.labels


Label = tuple[str, str, str]  # tenant, key and value
_NOBODY: Map[str, Member] = Map()


@dataclass(frozen=True, slots=True)
class Roster:
    """What selectors select workloads from: all members, by tenant, and their names by label."""

    members: Mapping[str, Member] = field(default_factory=dict)
    tenants: Mapping[str, Map[str, Member]] = field(default_factory=dict)
    labels: Mapping[Label, frozenset[str]] = field(default_factory=dict)

    def of(self, tenant: str) -> Map[str, Member]:
        """Return a tenant's members by name, in no order."""
        return self.tenants.get(tenant, _NOBODY)

    def labelled(self, tenant: str, labels: Mapping[str, str]) -> frozenset[str]:
        """Return the names of a tenant's members that have all of these labels."""
        if not labels:
            return frozenset(self.of(tenant))
        none = frozenset[str]()
        found = [self.labels.get((tenant, label, value), none) for label, value in labels.items()]
        return found[0].intersection(*found[1:])


@dataclass(frozen=True, slots=True)
class Group:
    """A service whose segment and endpoints are known."""

    name: str
    segment: str
    endpoints: tuple[str, ...]
    subsets: Mapping[str, tuple[str, ...]]
    document: Document
    model: ServiceModel
    draining: tuple[str, ...] = ()


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
    externals: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """A rule of a policy with what it selects, before it has its place in the order."""

    name: str
    document: Document
    index: int
    model: RuleModel
    selection: Selection
    priority: int
    denial: bool  # its policy allows nothing
    drain: bool = False  # what it admits may finish when it is revoked
    balances: bool = False  # its route spreads connections, not requests

    def at(self, *path: str | int) -> Origin:
        """Return the origin of the rule or of one of its fields."""
        return origin_of(self.document, "spec", "rules", self.index, *path)

    @property
    def rank(self) -> Rank:
        """What sorts clauses into deciding order.

        Higher priority first; among equals policies that allow nothing, then by name; then as
        written.
        """
        return -self.priority, not self.denial, self.document.reference, self.index


@dataclass(frozen=True, slots=True)
class Clauses:
    """A policy's clauses, what its selectors select, and whether any of them is a CIDR."""

    clauses: tuple[Clause, ...]
    selection: Selection
    by_address: bool


@dataclass(frozen=True, slots=True)
class Ranked:
    """A rule of the plan with the clause that it comes from, its rank, and its sources as a set."""

    rule: Rule
    clause: Clause
    rank: Rank
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class Journeys:
    """What of a service goes through proxies: captures, and for which sources each rule decides."""

    captures: tuple[Capture, ...]
    carried: Mapping[str, frozenset[str]]  # rule to sources


@dataclass(frozen=True, slots=True)
class Addresses:
    """The endpoint that has each address, and whether some address has several."""

    holder: Map[Address, Endpoint] = field(default_factory=Map)
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What the steps have found so far, each in the field of its own name."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    stored: Allocations = field(default_factory=Allocations)
    tenancy: Table[None] = field(default_factory=Table)
    members: Table[Member] = field(default_factory=Table)
    roster: Roster = field(default_factory=Roster)
    groups: Table[Group] = field(default_factory=Table)
    clauses: Table[Clauses] = field(default_factory=Table)
    numbers: Allocations = field(default_factory=Allocations)
    vips: Table[tuple[Address, ...]] = field(default_factory=Table)
    tenants: Table[Tenant] = field(default_factory=Table)
    segments: Table[Segment] = field(default_factory=Table)
    hosts: Table[Host] = field(default_factory=Table)
    endpoints: Table[Endpoint] = field(default_factory=Table)
    addresses: Addresses = field(default_factory=Addresses)
    services: Table[Service] = field(default_factory=Table)
    switches: Table[Switch] = field(default_factory=Table)
    links: Table[Link] = field(default_factory=Table)
    raw_resources: Table[tuple[RawResource, ...]] = field(default_factory=Table)
    raw_patches: Table[RawPatch] = field(default_factory=Table)
    rules: Table[Ranked] = field(default_factory=Table)
    index: RuleIndex = field(default_factory=RuleIndex)
    journeys: Table[Journeys] = field(default_factory=Table)
    placements: Table[tuple[Placement, ...]] = field(default_factory=Table)
    claims: Table[tuple[Claim, ...]] = field(default_factory=Table)
    wiring: Table[None] = field(default_factory=Table)
    mirrors: Table[str] = field(default_factory=Table)

"""A policy's selectors to the workloads and services that they select."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from translators.compiler.catalogue import Catalogue
from translators.compiler.draft import Group, Member, Roster, Selection
from translators.compiler.findings import finding
from translators.compiler.references import refer
from translators.diagnostics import Diagnostic
from translators.plan.model import Network
from translators.policy.document import Document, Path
from translators.policy.policy import Destination, Policy, Source


@dataclass(frozen=True, slots=True)
class Choice:
    """All that selectors can select from: documents, workloads, and services by tenant."""

    catalogue: Catalogue
    roster: Roster
    groups: Mapping[str, Mapping[str, Group]]


def choice(catalogue: Catalogue, roster: Roster, groups: Iterable[Group]) -> Choice:
    """Return what there is to select from."""
    by_tenant: dict[str, dict[str, Group]] = {}
    for group in groups:
        by_tenant.setdefault(group.document.tenant, {})[group.name] = group
    return Choice(catalogue, roster, by_tenant)


@dataclass(slots=True)
class _Selector:
    """The objects of one policy's tenant, and the findings about its selectors."""

    choice: Choice
    document: Document
    findings: list[Diagnostic]

    @property
    def members(self) -> Mapping[str, Member]:
        return self.choice.roster.of(self.document.tenant)

    @property
    def groups(self) -> Mapping[str, Group]:
        return self.choice.groups.get(self.document.tenant, {})

    def workloads(self, source: Source, path: Path) -> Set[str]:
        """Return the workloads that a selector selects, whatever it says of services."""
        if source.labels is not None:
            return self.choice.roster.labelled(self.document.tenant, source.labels)
        if source.cidr is not None:
            return {name for name, member in self.members.items() if _inside(source, member)}
        if source.workload is not None:
            name = self._refer("Workload", source.workload, (*path, "workload"))
            return {name} if name is not None and name in self.members else set()
        if source.segment is not None:
            segment = self._refer("Segment", source.segment, (*path, "segment"))
            return {n for n, m in self.members.items() if m.segment == segment}
        return set(self.members) if source.any else set()

    def services(self, destination: Destination, path: Path) -> set[str]:
        """Return the services that a destination selects."""
        if destination.service is not None:
            name = self._refer("Service", destination.service, (*path, "service"))
            return {name} & self.groups.keys() if name else set()
        if destination.segment is not None:
            segment = own_name(self.document, destination.segment)
            return {n for n, g in self.groups.items() if g.segment == segment}
        return set(self.groups) if destination.any else set()

    def nothing(self, path: Path) -> None:
        """Report a selector without effect, unless its reference was refused already."""
        line = self.document.line(*path)
        if not any(d.line == line and d.file == self.document.origin.file for d in self.findings):
            message = f"this selects nothing of tenant {self.document.tenant}"
            self.findings.append(finding("FS1103", self.document, path, message))

    def _refer(self, kind: str, reference: str, path: Path) -> str | None:
        return refer(self.choice.catalogue, self.document, path, kind, reference, self.findings)


def own_name(document: Document, reference: str) -> str:
    """Return the full name that a reference has inside the document's tenant."""
    return f"{document.tenant}/{reference.rpartition('/')[2]}"


def _inside(source: Source, member: Member) -> bool:
    network = source.cidr
    return network is not None and any(a in network for a in member.model.spec.addresses)


def picks(document: Document, source: Source, member: Member | None) -> bool:
    """Whether a selector of a policy selects a workload; a member of another tenant it never does.

    The same as ``select`` says, asked of one workload: it tells whose selection a change touches.
    """
    if member is None or member.tenant != document.tenant:
        return False
    if source.labels is not None:
        return source.labels.items() <= member.labels.items()
    if source.cidr is not None:
        return _inside(source, member)
    if source.segment is not None:
        return member.segment == own_name(document, source.segment)
    if source.workload is not None:
        return member.name == own_name(document, source.workload)
    return bool(source.any)


def offers(document: Document, destination: Destination, group: Group | None) -> bool:
    """Whether a destination of a policy selects a service: the same, asked of one."""
    if group is None or group.document.tenant != document.tenant:
        return False
    if destination.service is not None:
        return group.name == own_name(document, destination.service)
    if destination.segment is not None:
        return group.segment == own_name(document, destination.segment)
    return bool(destination.any)


def select(
    choice: Choice, document: Document, policy: Policy, findings: list[Diagnostic]
) -> Selection:
    """Return what a policy selects within its own tenant."""
    selector = _Selector(choice, document, findings)
    sources: set[str] = set()
    for index, source in enumerate(policy.spec.from_):
        found = selector.workloads(source, path := ("spec", "from", index))
        if not found:
            selector.nothing(path)
        sources |= found
    endpoints, services, named = _destinations(selector, policy)
    return Selection(
        tuple(sorted(sources)),
        tuple(sorted(endpoints)),
        tuple(sorted(services)),
        frozenset(named),
        any(source.any or source.segment is not None for source in policy.spec.from_),
        _externals(policy),
    )


def _externals(policy: Policy) -> tuple[Network, ...]:
    found = {to.external for to in policy.spec.to if to.external is not None}
    return tuple(sorted(found, key=lambda n: (n.version, int(n.network_address), n.prefixlen)))


def _destinations(selector: _Selector, policy: Policy) -> tuple[set[str], set[str], set[str]]:
    endpoints: set[str] = set()
    services: set[str] = set()
    named: set[str] = set()
    for index, destination in enumerate(policy.spec.to):
        path: Path = ("spec", "to", index)
        found = selector.workloads(destination, path)
        offered = selector.services(destination, path)
        if not found and not offered and destination.external is None:
            selector.nothing(path)
        if not destination.any and destination.segment is None:
            named |= found
        endpoints |= found
        services |= offered
    return endpoints, services, named

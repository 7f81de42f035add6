"""A policy's selectors to the workloads and services that they select."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from translators.compiler.draft import Catalogue, Group, Member, Selection, finding
from translators.compiler.references import refer
from translators.diagnostics import Diagnostic
from translators.policy.document import Document, Path
from translators.policy.policy import Destination, Policy, Source


@dataclass(slots=True)
class _Selector:
    """The objects of one policy's tenant, and the findings about its selectors."""

    catalogue: Catalogue
    document: Document
    members: Mapping[str, Member]
    groups: Mapping[str, Group]
    findings: list[Diagnostic]

    def workloads(self, source: Source, path: Path) -> set[str]:
        """Return the workloads that a selector selects, whatever it says of services."""
        if source.labels is not None:
            wanted = source.labels.items()
            return {n for n, m in self.members.items() if wanted <= m.model.metadata.labels.items()}
        if source.cidr is not None:
            inside = source.cidr
            return {
                name
                for name, member in self.members.items()
                if any(address in inside for address in member.model.spec.addresses)
            }
        if source.workload is not None:
            name = self._refer("Workload", source.workload, (*path, "workload"))
            return {name} & set(self.members) if name else set()
        if source.segment is not None:
            segment = self._refer("Segment", source.segment, (*path, "segment"))
            return {n for n, m in self.members.items() if m.segment == segment}
        return set(self.members) if source.any else set()

    def services(self, destination: Destination, path: Path) -> set[str]:
        """Return the services that a destination selects."""
        if destination.service is not None:
            name = self._refer("Service", destination.service, (*path, "service"))
            return {name} & set(self.groups) if name else set()
        if destination.segment is not None:
            segment = f"{self.document.tenant}/{destination.segment.rpartition('/')[2]}"
            return {n for n, g in self.groups.items() if g.segment == segment}
        return set(self.groups) if destination.any else set()

    def nothing(self, path: Path) -> None:
        """Report a selector without effect, unless its reference was refused already."""
        line = self.document.line(*path)
        if not any(d.line == line and d.file == self.document.origin.file for d in self.findings):
            message = f"this selects nothing of tenant {self.document.tenant}"
            self.findings.append(finding("FS1103", self.document, path, message))

    def _refer(self, kind: str, reference: str, path: Path) -> str | None:
        return refer(self.catalogue, self.document, path, kind, reference, self.findings)


def select(
    catalogue: Catalogue,
    document: Document,
    policy: Policy,
    members: Mapping[str, Member],
    groups: Mapping[str, Group],
    findings: list[Diagnostic],
) -> Selection:
    """Return what a policy selects within its own tenant."""
    selector = _Selector(
        catalogue,
        document,
        {n: m for n, m in members.items() if m.document.tenant == document.tenant},
        {n: g for n, g in groups.items() if g.document.tenant == document.tenant},
        findings,
    )
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
    )


def _destinations(selector: _Selector, policy: Policy) -> tuple[set[str], set[str], set[str]]:
    endpoints: set[str] = set()
    services: set[str] = set()
    named: set[str] = set()
    for index, destination in enumerate(policy.spec.to):
        path: Path = ("spec", "to", index)
        found = selector.workloads(destination, path)
        offered = selector.services(destination, path)
        if not found and not offered:
            selector.nothing(path)
        if not destination.any and destination.segment is None:
            named |= found
        endpoints |= found
        services |= offered
    return endpoints, services, named

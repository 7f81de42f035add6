"""What a folder tells proxies to check for all others: assignments, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from translators.diagnostics import Diagnostic, report
from translators.folder.checks import Checks
from translators.folder.read import EVERY, Contents
from xds_server.controller.gates import OTHERS
from xds_server.controller.targets import Targets
from xds_server.protocols.reports.health import Assignment, Checked, endpoints_of
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of


class Checkers(Protocol):
    """The proxies that can be told to check endpoints."""

    def assign(self, assigned: Mapping[str, Assignment], every: Assignment) -> None:
        """Replace what each node checks, and what those check that are not named."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """What each node checks by the folder, and every node that has no checks of its own."""

    nodes: Mapping[str, Assignment] = field(default_factory=dict)
    every: Assignment = field(default_factory=Assignment)

    @property
    def count(self) -> int:
        """How many nodes, that of every other one among them, are told to check something."""
        return sum(bool(one.specifier) for one in (*self.nodes.values(), self.every))


def assigned_of(contents: Contents) -> Assigned:
    """Return what a folder's files tell nodes to check."""
    found = {node: Assignment(one.specifier, one.settle) for node, one in _checks(contents)}
    every = found.pop(EVERY, Assignment())
    return Assigned(found, every)


def ineffective(contents: Contents, targets: Targets) -> tuple[Diagnostic, ...]:
    """Return a warning for each cluster of a check of whose endpoints no proxy is sent some."""
    wanted: dict[tuple[str, str], list[Checked]] = {}
    for _, one in _checks(contents):
        places = {cluster.name: cluster.origin for cluster in one.clusters}
        for checked in sorted(Assignment(one.specifier).endpoints):
            wanted.setdefault((places[checked.cluster], checked.cluster), []).append(checked)
    sent = _sent(targets, {cluster for _, cluster in wanted}) if wanted else set()
    missing = {at: [c for c in found if c not in sent] for at, found in wanted.items()}
    return tuple(
        report("FS6015", *_place(origin), f"no proxy is sent {_some(found)} of {cluster}")
        for (origin, cluster), found in missing.items()
        if found
    )


def _some(found: list[Checked]) -> str:
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"the endpoint {found[0]}{more}"


def judged(contents: Contents) -> Targets:
    """Return the checks of each node as the clusters that its Envoy makes of them."""
    return Targets(
        {
            node or OTHERS: snapshot_of(
                Resource(CLUSTER, cluster.name, cluster.body, origin=cluster.origin)
                for cluster in one.clusters
            )
            for node, one in _checks(contents)
        }
    )


def _checks(contents: Contents) -> Iterator[tuple[str, Checks]]:
    for node, held in contents.nodes.items():
        if held.checks is not None:
            yield node, held.checks


def _sent(targets: Targets, clusters: set[str]) -> set[Checked]:
    snapshots: list[Snapshot] = list(targets.proxies.values())
    if targets.others is not None:
        snapshots.append(targets.others)
    assignments = {
        resource.body: name
        for snapshot in snapshots
        for name in clusters & snapshot.of(ENDPOINT).keys()
        for resource in (snapshot.of(ENDPOINT)[name],)
    }
    return {c for body, name in assignments.items() for c in _members(name, body)}


def _members(cluster: str, assignment: bytes) -> frozenset[Checked]:
    try:
        return frozenset(endpoints_of(cluster, assignment))
    except MalformedError:
        return frozenset()  # who gets it will say what is wrong with it


def _place(origin: str) -> tuple[str, int]:
    file, _, line = origin.rpartition(":")
    return file, int(line)

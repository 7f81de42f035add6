"""When a type may speak: make before break, gated on what the client has acknowledged."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import TypeVar

from xds_server.protocols.xds.endpoints import assignment_name
from xds_server.protocols.xds.heartbeat import BeatingWatch
from xds_server.protocols.xds.offer import Draft, Target
from xds_server.protocols.xds.resource_types import BACKENDS, ROUTINGS, rank
from xds_server.protocols.xds.watch import Watch
from xds_server.snapshots.model import Snapshot

W = TypeVar("W", bound=Watch)
NONE: frozenset[str] = frozenset()


def in_order(watches: Iterable[W]) -> tuple[dict[str, W], tuple[W, ...], tuple[W, ...]]:
    """Return watches by type in sending order, and those of clusters and endpoints, and of what
    routes to them.
    """
    ordered = {one.type_url: one for one in sorted(watches, key=_rank)}
    backends = tuple([one for url, one in ordered.items() if url in BACKENDS])
    routings = tuple([one for url, one in ordered.items() if url in ROUTINGS])
    return ordered, backends, routings


def _rank(watch: Watch) -> tuple[int, str]:
    return rank(watch.type_url)


def may_route(watch: Watch, backends: Iterable[Watch], now: float) -> bool:
    """Whether the client has the clusters and endpoints that this watch's news may need.

    It need not have newer ones: endpoints that change all the time must not hold up routes.
    What it refused does not hold up the others: only what refers to it waits.
    """
    needed = watch.since
    for one in backends:
        if one.settled >= needed or one.refused >= needed:
            continue
        if not one.overdue(now) or one.offer_epoch < needed:
            return False
    return True


def missing(backends: Iterable[Watch]) -> frozenset[str]:
    """Names that nothing new may refer to: the client refused them and has no earlier ones."""
    found = NONE
    for backend in backends:
        if backend.missing:
            found |= backend.missing
    return found


def carry(
    watches: Mapping[str, BeatingWatch],
    changed: Container[str],
    before: Snapshot,
    target: Target,
) -> None:
    """Let what a client has of all types but the changed ones count for the next snapshot."""
    for type_url, watch in watches.items():
        if type_url not in changed:
            watch.carry(before, target)


def all_settled(watches: Iterable[Watch]) -> bool:
    """Whether the client lacks nothing of what last changed in any of these types."""
    for watch in watches:  # noqa: SIM110 - asked on every event: a generator costs twice as much
        if watch.settled < watch.since:
            return False
    return True


def endpoints_of(clusters: Draft) -> frozenset[str]:
    """Return the endpoints that changed clusters subscribe to."""
    names = (assignment_name(resource.body) for resource in clusters.changed)
    return frozenset(name for name in names if name)

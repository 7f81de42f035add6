"""Health discovery: which endpoints each proxy checks, and what it finds.

Messages and field numbers: envoy/service/health/v3/hds.proto. The check is made once, by a proxy
beside the endpoint, instead of by every client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from xds_server.protocols.reports.fields import Fields, address_of
from xds_server.protocols.xds.protobuf import MalformedError

_MOST = 10_000  # endpoints a node that are kept


class Health(IntEnum):
    """What a checker says of an endpoint; numbers of envoy.config.core.v3.HealthStatus."""

    UNKNOWN = 0
    HEALTHY = 1
    UNHEALTHY = 2
    DRAINING = 3
    TIMEOUT = 4
    DEGRADED = 5


_BAD = frozenset({Health.UNHEALTHY, Health.TIMEOUT})


@dataclass(frozen=True, slots=True, order=True)
class Checked:
    """An endpoint of a cluster; a Unix socket has its path as address, and port 0."""

    cluster: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a node is to check: a HealthCheckSpecifier, and how long until its word counts.

    ``settle``: seconds in which a checker that begins may call anything unhealthy that it has not
    seen yet, as Envoy does before its first check.
    """

    specifier: bytes = b""
    settle: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a checker sends: who it is (its first message), or what it found."""

    node: str = ""
    found: Mapping[Checked, Health] | None = None


def scan_said(data: bytes) -> Said:
    """Return the HealthCheckRequestOrEndpointHealthResponse in these bytes.

    Raises MalformedError if there is none.
    """
    one = Fields(data)
    if 1 in one:
        return Said(node=one.message(1).message(1).text(1))
    if 2 not in one:
        raise MalformedError("neither a health_check_request nor an endpoint_health_response")
    found: dict[Checked, Health] = {}
    for cluster in one.message(2).messages(2):
        name = cluster.text(1)
        for locality in cluster.messages(2):
            found.update(_endpoint(name, each) for each in locality.messages(2))
    return Said(found=found)


def _endpoint(cluster: str, found: Fields) -> tuple[Checked, Health]:
    host, port = address_of(found.message(1).message(1))
    number = found.number(2)
    known = Health(number) if number in list(Health) else Health.UNKNOWN
    return Checked(cluster, host, port), known


class HealthTable:
    """What each node checks and last found; ``changed`` is called when ``unhealthy`` changes."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.changed = changed
        self.unhealthy: frozenset[Checked] = frozenset()
        self._found: dict[str, dict[Checked, Health]] = {}
        self._heard: dict[str, float] = {}
        self._assigned: dict[str, Assignment] = {}
        self._watchers: list[Callable[[], None]] = []

    def assign(self, assigned: Mapping[str, Assignment]) -> None:
        """Replace what every node checks, and tell those who are connected.

        What a node found that checks nothing any longer is dropped: it will not report again.
        """
        if assigned == self._assigned:
            return
        idle = self._assigned.keys() - assigned.keys()
        self._assigned = dict(assigned)
        self._found = {node: found for node, found in self._found.items() if node not in idle}
        self._judge()
        for watcher in list(self._watchers):
            watcher()

    def assigned(self, node: str) -> Assignment:
        """Return what a node is to check: nothing, if it was never told."""
        return self._assigned.get(node, Assignment())

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call ``watcher`` when assignments change, until the function returned here is called."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def take(
        self, node: str, found: Mapping[Checked, Health], now: float, *, settled: bool = True
    ) -> None:
        """Take a node's report, which names everything that it checks.

        As long as it is not ``settled``, a bad word about an endpoint changes nothing.
        """
        before = self._found.get(node, {})
        kept = dict(sorted(found.items())[:_MOST])
        if not settled:
            kept.update((c, before.get(c, Health.UNKNOWN)) for c, h in kept.items() if h in _BAD)
        self._found[node] = kept
        self._heard[node] = now
        self._judge()

    def forget(self, node: str, left: float) -> None:
        """Drop what a node found, unless it was heard of since it left."""
        if self._heard.get(node, left) <= left:
            self._found.pop(node, None)
            self._heard.pop(node, None)
            self._judge()

    def rows(self) -> tuple[tuple[str, Checked, Health], ...]:
        """Return everything that was found, by node and endpoint."""
        return tuple(
            (node, checked, health)
            for node, found in sorted(self._found.items())
            for checked, health in found.items()
        )

    def _judge(self) -> None:
        """An endpoint is unhealthy if a checker says so and no other one says that it is well."""
        bad = _said(self._found.values(), _BAD)
        unhealthy = bad - _said(self._found.values(), frozenset({Health.HEALTHY, Health.DEGRADED}))
        if unhealthy != self.unhealthy:
            self.unhealthy = unhealthy
            self.changed()


def _said(
    found: Iterable[Mapping[Checked, Health]], words: frozenset[Health]
) -> frozenset[Checked]:
    return frozenset(c for each in found for c, health in each.items() if health in words)

"""Health discovery: which endpoints each proxy checks, and what it finds.

Messages and field numbers: envoy/service/health/v3/hds.proto. The check is made once, by a proxy
beside the endpoint, instead of by every client.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from xds_server.protocols.reports.fields import Fields, address_of
from xds_server.protocols.xds.protobuf import MalformedError


class Health(IntEnum):
    """What a checker says of an endpoint; numbers of envoy.config.core.v3.HealthStatus."""

    UNKNOWN = 0
    HEALTHY = 1
    UNHEALTHY = 2
    DRAINING = 3
    TIMEOUT = 4
    DEGRADED = 5


BAD = frozenset({Health.UNHEALTHY, Health.TIMEOUT})
WELL = frozenset({Health.HEALTHY, Health.DEGRADED})


@dataclass(frozen=True, slots=True, order=True)
class Checked:
    """An endpoint of a cluster; a Unix socket has its path as address, and port 0."""

    cluster: str
    address: str
    port: int

    def __str__(self) -> str:
        """Return the endpoint as people write it."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}" if self.port else self.address


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a node is to check: a HealthCheckSpecifier, and how long until its word counts.

    ``settle``: seconds in which a checker that begins may call anything unhealthy that it has not
    seen yet, as Envoy does before its first check. ``endpoints``: those that the specifier names;
    of others the node is not asked. Raises MalformedError for bytes that are no specifier.
    """

    specifier: bytes = b""
    settle: float = 0.0
    endpoints: frozenset[Checked] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "endpoints", frozenset(_named(self.specifier)))


def endpoints_of(cluster: str, assignment: bytes) -> Iterator[Checked]:
    """Yield the endpoints in the bytes of a ClusterLoadAssignment; raises MalformedError."""
    for locality in Fields(assignment).messages(2):
        for one in locality.messages(2):
            yield Checked(cluster, *address_of(one.message(1).message(1)))


def _named(specifier: bytes) -> Iterator[Checked]:
    for cluster in Fields(specifier).messages(1):
        for locality in cluster.messages(3):
            for endpoint in locality.messages(2):
                yield Checked(cluster.text(1), *address_of(endpoint.message(1)))


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

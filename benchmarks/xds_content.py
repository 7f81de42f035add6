"""The snapshots that both xDS servers serve: the same bytes, kept as files that both can read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from envoy_data_plane.envoy.config.cluster.v3 import (
    Cluster,
    ClusterDiscoveryType,
    ClusterEdsClusterConfig,
)
from envoy_data_plane.envoy.config.core.v3 import AggregatedConfigSource, ConfigSource
from envoy_data_plane.envoy.config.listener.v3 import Listener
from envoy_data_plane.envoy.config.route.v3 import (
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)

from translators.envoy.encode import encode
from translators.envoy.endpoints import Location, assignment, assignment_bytes, socket_address
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

SERVICES = 10
ENDPOINTS = 10
NAMES = [f"service-{number}" for number in range(SERVICES)]
ROUTES = ["routes"]
MARKER = "10.66.66.66"


def small(shift: int = 0) -> Snapshot:
    """Return ten services with ten endpoints each; ``shift`` moves one endpoint of the first."""
    return _snapshot(shift, [])


def many_endpoints(count: int, shift: int = 0) -> Snapshot:
    """Return the same with ``count`` endpoints in the first service."""
    return _snapshot(shift, [], count)


def many_clusters(count: int, shift: int = 0) -> Snapshot:
    """Return the same with ``count`` clusters more; ``shift`` changes every one of them."""
    more = [
        Cluster(
            name=f"shop/other-{number}:80/ipv4",
            type=ClusterDiscoveryType.STRICT_DNS,
            load_assignment=assignment(f"other-{number}", ((f"other-{number}.shop.test", 80),)),
            alt_stat_name=f"other-{number}-{shift}",
            per_connection_buffer_limit_bytes=32768,
        )
        for number in range(count)
    ]
    return _snapshot(0, more)


def _snapshot(shift: int, more: list[Cluster], first: int = ENDPOINTS) -> Snapshot:
    resources = [
        Resource(CLUSTER, cluster.name, encode(cluster))
        for cluster in (*(_cluster(name) for name in NAMES), *more)
    ]
    for number, name in enumerate(NAMES):
        count, port = (first, 8080 + shift % 1000) if number == 0 else (ENDPOINTS, 8080)
        found = tuple(
            (f"10.{1 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}", port if n == 0 else 8080)
            for n in range(count)
        )
        resources.append(Resource(ENDPOINT, name, assignment_bytes(name, found)))
    resources.append(Resource(LISTENER, "listener", encode(_listener())))
    resources.append(Resource(ROUTE, ROUTES[0], encode(_routes())))
    return snapshot_of(resources)


def _cluster(name: str) -> Cluster:
    return Cluster(
        name=name,
        type=ClusterDiscoveryType.EDS,
        eds_cluster_config=ClusterEdsClusterConfig(
            eds_config=ConfigSource(ads=AggregatedConfigSource()), service_name=name
        ),
    )


def _listener() -> Listener:
    return Listener(name="listener", address=socket_address("127.0.0.1", 8080))


def _routes(name: str = "all") -> RouteConfiguration:
    routes = [
        Route(match=RouteMatch(path_separated_prefix=f"/{to}"), route=RouteAction(cluster=to))
        for to in NAMES
    ]
    hosts = [VirtualHost(name=name, domains=["*"], routes=routes)]
    return RouteConfiguration(name=ROUTES[0], virtual_hosts=hosts)


def own(node: int, shift: int = 0) -> Snapshot:
    """Return as much as ``small``, every resource with content that only this node has."""
    resources = list(_own(node))
    resources.append(
        Resource(ENDPOINT, NAMES[0], assignment_bytes(NAMES[0], _of_node(node, shift)))
    )
    return snapshot_of(resources)


@cache
def _own(node: int) -> tuple[Resource, ...]:
    """Return what does not shift."""
    clusters = [replace(_cluster(name), alt_stat_name=f"{name}-{node}") for name in NAMES]
    return (
        *(Resource(CLUSTER, cluster.name, encode(cluster)) for cluster in clusters),
        *(Resource(ENDPOINT, n, assignment_bytes(n, _of_node(node, 0))) for n in NAMES[1:]),
        Resource(LISTENER, "listener", encode(replace(_listener(), stat_prefix=f"n{node}"))),
        Resource(ROUTE, ROUTES[0], encode(_routes(f"all-{node}"))),
    )


def _of_node(node: int, shift: int) -> tuple[Location, ...]:
    where = f"10.{node // 250}.{node % 250}"
    return tuple((f"{where}.{n + 1}", 8080 + (shift % 1000 if n == 0 else 0)) for n in range(10))


def poisoned() -> Snapshot:
    """Return ``small`` with an endpoint at MARKER, by which a client knows what to refuse."""
    kept = [r for named in small().resources.values() for r in named.values()]
    bad = Resource(ENDPOINT, NAMES[0], assignment_bytes(NAMES[0], ((MARKER, 8080),)))
    return snapshot_of([*(r for r in kept if (r.type_url, r.name) != (ENDPOINT, NAMES[0])), bad])


def write(path: Path, snapshots: Iterable[Snapshot], salt: str = "") -> None:
    """Keep snapshots as a file, a line each: one for all nodes, or one for each.

    ``salt`` makes other versions of the same content, for a server that is told its versions.
    """
    with path.open("w") as file:
        for snapshot in snapshots:
            resources = [
                {"type": r.type_url, "name": r.name, "body": base64.b64encode(r.body).decode()}
                for named in snapshot.resources.values()
                for r in named.values()
            ]
            versions = {kind: version + salt for kind, version in snapshot.versions.items()}
            print(json.dumps({"versions": versions, "resources": resources}), file=file)


def read(path: Path) -> list[Snapshot]:
    """Return the snapshots in a file."""
    found = (json.loads(line)["resources"] for line in path.read_text().splitlines())
    return [
        snapshot_of(Resource(r["type"], r["name"], base64.b64decode(r["body"])) for r in one)
        for one in found
    ]

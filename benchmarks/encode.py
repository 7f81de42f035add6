"""Encode Envoy resources: our generated encoder beside betterproto2's own, the same objects.

``python -m benchmarks.encode``; ``QUICK=1`` takes smaller inputs and fewer runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from envoy_data_plane.envoy.config.cluster.v3 import Cluster, ClusterEdsClusterConfig
from envoy_data_plane.envoy.config.route.v3 import (
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)

from benchmarks.report import QUICK, Figure, figure, median_ms, publish
from translators.envoy.encode import encode
from translators.envoy.endpoints import assignment, assignment_bytes
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.snapshots.model import Resource

COUNT = 200 if QUICK else 1000
RUNS = 3 if QUICK else 7
PEER = "betterproto2 bytes()"


def clusters() -> list[Cluster]:
    """Return clusters that take their endpoints over ADS."""
    return [
        Cluster(
            name=f"shop/service-{number}:80/ipv4",
            eds_cluster_config=ClusterEdsClusterConfig(service_name=f"service-{number}"),
        )
        for number in range(COUNT)
    ]


def routes() -> RouteConfiguration:
    """Return one route configuration with many prefixes."""
    entries = [
        Route(
            match=RouteMatch(path_separated_prefix=f"/part/{number}"),
            route=RouteAction(cluster=f"service-{number}"),
        )
        for number in range(COUNT)
    ]
    host = VirtualHost(name="all", domains=["*"], routes=entries)
    return RouteConfiguration(name="routes", virtual_hosts=[host])


def moved(timed: Callable[[str, Callable[[], object]], float]) -> tuple[float, float, float]:
    """Return ours, the stock encoder and the target for one endpoint that moves, hash included."""
    count = 10 * COUNT
    where = [(f"10.{n // 62500}.{n // 250 % 250}.{n % 250 + 1}", 8080) for n in range(count)]
    numbers = itertools.count(1024)

    def ours() -> Resource:
        where[count // 2] = ("10.200.0.1", next(numbers))
        return Resource(ENDPOINT, "service", assignment_bytes("service", tuple(where)))

    def stock() -> Resource:
        return Resource(ENDPOINT, "service", bytes(assignment("service", tuple(where))))

    assert ours().version == stock().version
    return timed("one moved", ours), timed("one moved, stock", stock), 5.0


def main() -> None:
    """Measure, print and keep the figures."""
    log: list[str] = []
    figures: list[Figure] = []

    def compare(name: str, ours: float, peer: float, target: float) -> None:
        figures.append(figure(name, ours, "ms", peer=PEER, peer_value=peer, target=target))

    def timed(name: str, work: Callable[[], object]) -> float:
        median, runs = median_ms(work, RUNS)
        log.append(f"{name}: {' '.join(f'{run:.3f}' for run in runs)} ms")
        return median

    where = tuple((f"10.1.{n // 250}.{n % 250 + 1}", 8080) for n in range(COUNT))
    typed = assignment("service", where)
    assert assignment_bytes("service", where) == encode(typed)
    stock = timed("endpoints, stock", lambda: bytes(typed))
    scale = COUNT / 1000
    # What is kept of a location is not used again: every run has other ports.
    runs = iter([tuple((address, port) for address, _ in where) for port in range(RUNS)])
    fast = timed("endpoints, tuples", lambda: assignment_bytes("service", next(runs)))
    compare(f"{COUNT} endpoints, tuples to bytes", fast, stock, 2.7 * scale)
    compare(
        f"{COUNT} endpoints, objects",
        timed("endpoints", lambda: encode(typed)),
        stock,
        5 * scale,
    )
    compare(f"one of {10 * COUNT} endpoints changed, locations to a resource", *moved(timed))
    many = clusters()
    compare(
        f"{COUNT} clusters",
        timed("clusters", lambda: [encode(cluster) for cluster in many]),
        timed("clusters, stock", lambda: [bytes(cluster) for cluster in many]),
        7.7 * scale,
    )
    table = routes()
    compare(
        f"{COUNT} routes",
        timed("routes", lambda: encode(table)),
        timed("routes, stock", lambda: bytes(table)),
        7 * scale,
    )
    publish("encode", figures, log)


if __name__ == "__main__":
    main()

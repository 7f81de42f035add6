"""Encode Envoy resources: our generated encoder beside betterproto2's own, the same objects.

``python -m benchmarks.encode``; ``QUICK=1`` takes smaller inputs and fewer runs.
"""

from __future__ import annotations

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


def main() -> None:
    """Measure, print and keep the figures."""
    log: list[str] = []
    figures: list[Figure] = []

    def compare(name: str, ours: float, peer: float, target: float) -> None:
        figures.append(figure(name, ours, "ms", peer=PEER, peer_value=peer, target=target))

    def timed(name: str, work: object) -> float:
        assert callable(work)
        median, runs = median_ms(work, RUNS)
        log.append(f"{name}: {' '.join(f'{run:.3f}' for run in runs)} ms")
        return median

    where = tuple((f"10.1.{n // 250}.{n % 250 + 1}", 8080) for n in range(COUNT))
    typed = assignment("service", where)
    assert assignment_bytes("service", where) == encode(typed)
    stock = timed("endpoints, stock", lambda: bytes(typed))
    scale = COUNT / 1000
    fast = timed("endpoints, tuples", lambda: assignment_bytes("service", where))
    compare(f"{COUNT} endpoints, tuples to bytes", fast, stock, 2.7 * scale)
    compare(
        f"{COUNT} endpoints, objects",
        timed("endpoints", lambda: encode(typed)),
        stock,
        5 * scale,
    )
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

"""Health checks that one Envoy makes for others (HealthCheckSpecifier): what of them cannot work.

Envoy takes a specifier that it cannot use in silence, so that all of it is checked here. Fields:
envoy/service/health/v3/hds.proto, envoy/config/core/v3/health_check.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address

from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import HealthCheck
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.service.health.v3 import ClusterHealthCheck, HealthCheckSpecifier

from translators.envoy.encode import type_url
from translators.envoy.from_json import VALUE, Path, Wrong

HEALTH_CHECKS = type_url(HealthCheckSpecifier)
SLOW = "FS6016"
_CHECKERS = ("http_health_check", "tcp_health_check", "grpc_health_check", "custom_health_check")
_AT_LEAST = "give 1 or more"


def settle_seconds(specifier: HealthCheckSpecifier) -> float:
    """Return the seconds in which a check can come to call an endpoint unhealthy."""
    checks = [check for each in specifier.cluster_health_checks for check in each.health_checks]
    return max((_longest(check) for check in checks), default=0.0)


def _longest(check: HealthCheck) -> float:
    parts = (check.interval, check.timeout, check.initial_jitter)
    once = sum((part for part in parts if part is not None), timedelta())
    return once.total_seconds() * max(1, check.unhealthy_threshold or 1)


def as_cluster(each: ClusterHealthCheck) -> Cluster:
    """Return the cluster that Envoy makes of it, for an Envoy to judge."""
    localities = [
        LocalityLbEndpoints(
            locality=one.locality,
            lb_endpoints=[LbEndpoint(endpoint=endpoint) for endpoint in one.endpoints],
        )
        for one in each.locality_endpoints
    ]
    return Cluster(
        name=each.cluster_name,
        load_assignment=ClusterLoadAssignment(each.cluster_name, endpoints=localities),
        health_checks=each.health_checks,
        transport_socket_matches=each.transport_socket_matches,
        upstream_bind_config=each.upstream_bind_config,
    )


def wrong_checks(specifier: HealthCheckSpecifier) -> Iterator[Wrong]:
    """Yield what Envoy would not check; with the code SLOW what it would check rarely."""
    named: set[str] = set()
    for number, each in enumerate(specifier.cluster_health_checks):
        path: Path = ("cluster_health_checks", number)
        if not each.cluster_name:
            yield _missing(path, "cluster_name", "name the cluster whose endpoints these are")
        elif each.cluster_name in named:
            message = f"the cluster {each.cluster_name} is here twice"
            yield Wrong((*path, "cluster_name"), VALUE, message, "write all its checks below one")
        named.add(each.cluster_name)
        if not each.health_checks:
            yield _missing(path, "health_checks", "say how its endpoints are checked")
        for index, check in enumerate(each.health_checks):
            yield from _check(check, (*path, "health_checks", index))
        if not any(one.endpoints for one in each.locality_endpoints):
            yield _missing(path, "locality_endpoints", "write endpoints: below it")
        for index, one in enumerate(each.locality_endpoints):
            for last, endpoint in enumerate(one.endpoints):
                yield from _endpoint(
                    endpoint, (*path, "locality_endpoints", index, "endpoints", last)
                )


def _check(check: HealthCheck, path: Path) -> Iterator[Wrong]:
    for name in ("timeout", "interval"):
        if not getattr(check, name):
            yield _missing(path, name, "give a time such as 1s")
    for name in ("unhealthy_threshold", "healthy_threshold"):
        if not getattr(check, name):
            yield _missing(path, name, _AT_LEAST)
    if all(getattr(check, name) is None for name in _CHECKERS):
        yield _missing(path, _CHECKERS[0], f"write one of {', '.join(_CHECKERS)}")
    elif check.http_health_check is not None and not check.http_health_check.path:
        yield _missing((*path, _CHECKERS[0]), "path", "give the path that is asked for")
    if check.interval and check.no_traffic_interval is None:
        message = "no_traffic_interval is missing, so that Envoy checks every 60 s"
        yield Wrong((*path, "interval"), SLOW, message)


def _endpoint(endpoint: Endpoint, path: Path) -> Iterator[Wrong]:
    address = endpoint.address
    if address is None or (address.socket_address is None and address.pipe is None):
        yield _missing(path, "address", "give it a socket_address or a pipe")
    elif address.socket_address is not None and not _is_ip(address.socket_address.address):
        text = f"{address.socket_address.address!r} is no IP address, and nobody looks it up"
        where = (*path, "address", "socket_address", "address")
        yield Wrong(where, VALUE, text, "write the IP address that the endpoint has")


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _missing(path: Path, name: str, mend: str) -> Wrong:
    return Wrong((*path, name), VALUE, f"{name} is missing", mend)

from copy import deepcopy
from typing import Any

import pytest
from envoy_data_plane.envoy.service.health.v3 import HealthCheckSpecifier

from translators.envoy.from_json import from_json
from translators.envoy.health_checks import (
    HEALTH_CHECKS,
    SLOW,
    as_cluster,
    settle_seconds,
    wrong_checks,
)

CHECK = {
    "timeout": "1s",
    "interval": "2s",
    "no_traffic_interval": "2s",
    "unhealthy_threshold": 3,
    "healthy_threshold": 1,
    "tcp_health_check": {},
}
ENDPOINT = {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 80}}}
CLUSTER = {
    "cluster_name": "shop",
    "health_checks": [CHECK],
    "locality_endpoints": [{"endpoints": [ENDPOINT]}],
}


def told(*clusters: dict[str, Any]) -> HealthCheckSpecifier:
    found, wrong = from_json({"@type": HEALTH_CHECKS, "cluster_health_checks": list(clusters)})
    assert wrong == ()
    assert isinstance(found, HealthCheckSpecifier)
    return found


def changed(path: tuple[str | int, ...], value: object) -> HealthCheckSpecifier:
    """The specifier with one value in place of another; None takes a field away."""
    cluster: Any = deepcopy(CLUSTER)
    at = cluster
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return told(cluster)


def test_what_envoy_can_check_is_right() -> None:
    assert list(wrong_checks(told(CLUSTER))) == []
    assert list(wrong_checks(told())) == [], "who checks nothing says so"


C = ("health_checks", 0)
E = ("locality_endpoints", 0, "endpoints", 0)


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        (("cluster_name",), None, ("cluster_name",)),
        (("health_checks",), [], ("health_checks",)),
        ((*C, "timeout"), None, (*C, "timeout")),
        ((*C, "interval"), "0s", (*C, "interval")),
        ((*C, "unhealthy_threshold"), None, (*C, "unhealthy_threshold")),
        ((*C, "healthy_threshold"), 0, (*C, "healthy_threshold")),
        ((*C, "tcp_health_check"), None, (*C, "http_health_check")),
        ((*C, "no_traffic_interval"), None, (*C, "interval")),
        (("locality_endpoints",), None, ("locality_endpoints",)),
        (E, {}, (*E, "address")),
        (
            (*E, "address", "socket_address", "address"),
            "db.example",
            (*E, "address", "socket_address", "address"),
        ),
    ],
)
def test_what_it_would_not_check_is_said_at_its_place(
    path: tuple[str | int, ...], value: object, at: tuple[str | int, ...]
) -> None:
    [found] = wrong_checks(changed(path, value))
    assert found.path == ("cluster_health_checks", 0, *at)
    assert (found.code == SLOW) == (path[-1] == "no_traffic_interval")
    assert found.mend or found.code == SLOW


def test_an_http_check_needs_a_path_and_a_cluster_is_named_once() -> None:
    check: dict[str, Any] = {**CHECK, "http_health_check": {"path": ""}}
    del check["tcp_health_check"]
    [found] = wrong_checks(changed(("health_checks",), [check]))
    assert found.path[-2:] == ("http_health_check", "path")
    [found] = wrong_checks(told(CLUSTER, CLUSTER))
    assert found.path == ("cluster_health_checks", 1, "cluster_name")


def test_a_verdict_takes_as_long_as_the_slowest_check() -> None:
    slow = {**CLUSTER, "health_checks": [CHECK, {**CHECK, "initial_jitter": "2s"}]}
    assert (settle_seconds(told(CLUSTER)), settle_seconds(told(slow))) == (9.0, 15.0)
    assert settle_seconds(told()) == 0.0


def test_envoy_judges_it_as_a_cluster() -> None:
    found = as_cluster(told(CLUSTER).cluster_health_checks[0])
    assert (found.name, len(found.health_checks)) == ("shop", 1)
    assert found.load_assignment is not None
    [member] = found.load_assignment.endpoints[0].lb_endpoints
    assert (
        member.endpoint == told(CLUSTER).cluster_health_checks[0].locality_endpoints[0].endpoints[0]
    )

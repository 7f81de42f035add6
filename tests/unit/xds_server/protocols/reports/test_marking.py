from envoy_data_plane.envoy.config.core.v3 import (
    Address,
    HealthStatus,
    Locality,
    SocketAddress,
)
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    ClusterLoadAssignmentPolicy,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from hypothesis import given
from hypothesis import strategies as some

from translators.envoy.encode import encode
from xds_server.protocols.reports.health import Checked
from xds_server.protocols.reports.marking import marked
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.model import Resource, snapshot_of


def assignment(*hosts: tuple[int, HealthStatus]) -> ClusterLoadAssignment:
    """Two localities, with everything that must survive beside the marks."""
    members = [
        LbEndpoint(
            endpoint=Endpoint(
                address=Address(
                    socket_address=SocketAddress(address=f"10.0.0.{number}", port_value=80)
                ),
                hostname=f"h{number}",
            ),
            load_balancing_weight=number + 1,
            health_status=status,
        )
        for number, status in hosts
    ]
    locality = LocalityLbEndpoints(
        locality=Locality(region="eu"), lb_endpoints=members, load_balancing_weight=3, priority=1
    )
    policy = ClusterLoadAssignmentPolicy(overprovisioning_factor=150)
    return ClusterLoadAssignment("shop", endpoints=[locality, locality], policy=policy)


def resource(message: ClusterLoadAssignment) -> Resource:
    return Resource(ENDPOINT, "shop", encode(message), origin="a.yaml:1")


HOSTS = some.dictionaries(
    some.integers(0, 6), some.sampled_from([HealthStatus(0), HealthStatus(1), HealthStatus(3)])
)


@given(HOSTS, some.sets(some.integers(0, 8)))
def test_what_is_unhealthy_is_marked_and_nothing_else(
    hosts: dict[int, HealthStatus], bad: set[int]
) -> None:
    snapshot = snapshot_of([resource(assignment(*hosts.items()))])
    unhealthy = frozenset(Checked("shop", f"10.0.0.{number}", 80) for number in bad)
    found = marked(snapshot, unhealthy)
    wanted = {n: HealthStatus(2) if n in bad else status for n, status in hosts.items()}
    body = found.of(ENDPOINT)["shop"].body
    assert ClusterLoadAssignment.parse(body) == assignment(*wanted.items())
    assert (found is snapshot) == (not bad & hosts.keys())
    assert marked(snapshot, unhealthy).versions == found.versions


def test_others_keep_their_marks_their_origin_and_given_versions() -> None:
    cluster = Resource(CLUSTER, "shop", b"")
    snapshot = snapshot_of(
        [cluster, resource(assignment((1, HealthStatus(0))))], {CLUSTER: "7", ENDPOINT: "7"}
    )
    assert marked(snapshot, frozenset({Checked("other", "10.0.0.1", 80)})) is snapshot
    assert marked(snapshot, frozenset({Checked("shop", "10.0.0.1", 81)})) is snapshot
    found = marked(snapshot, frozenset({Checked("shop", "10.0.0.1", 80)}))
    assert (found.version(CLUSTER), found.of(ENDPOINT)["shop"].origin) == ("7", "a.yaml:1")
    assert found.version(ENDPOINT) not in ("7", snapshot.version(ENDPOINT))


def test_bytes_that_are_no_assignment_stay_as_they_are() -> None:
    snapshot = snapshot_of([Resource(ENDPOINT, "shop", b"\xff\xff")])
    assert marked(snapshot, frozenset({Checked("shop", "10.0.0.1", 80)})) is snapshot


def test_proxies_share_the_marked_form_of_a_resource_that_they_share() -> None:
    one, bad = resource(assignment((1, HealthStatus(0)))), Checked("shop", "10.0.0.1", 80)
    both = [
        marked(snapshot_of([one, Resource(CLUSTER, name, b"")]), frozenset({bad})).of(ENDPOINT)
        for name in "ab"
    ]
    assert both[0]["shop"] is both[1]["shop"]

import pytest
from envoy_data_plane.envoy.config.core.v3 import Address, HealthStatus, Node, Pipe, SocketAddress
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.service.health.v3 import (
    ClusterEndpointsHealth,
    ClusterHealthCheck,
    EndpointHealth,
    EndpointHealthResponse,
    HealthCheckRequest,
    HealthCheckRequestOrEndpointHealthResponse,
    HealthCheckSpecifier,
    LocalityEndpoints,
    LocalityEndpointsHealth,
)

from xds_server.protocols.reports.health import (
    Assignment,
    Checked,
    Health,
    Said,
    endpoints_of,
    scan_said,
)
from xds_server.protocols.xds.protobuf import MalformedError

A, B = Checked("shop", "10.0.0.1", 80), Checked("shop", "10.0.0.2", 80)
GOOD, BAD = Health.HEALTHY, Health.UNHEALTHY


def hello(node: str) -> bytes:
    asked = HealthCheckRequest(node=Node(id=node))
    return bytes(HealthCheckRequestOrEndpointHealthResponse(health_check_request=asked))


def address(checked: Checked) -> Address:
    if not checked.port:
        return Address(pipe=Pipe(path=checked.address))
    return Address(socket_address=SocketAddress(address=checked.address, port_value=checked.port))


def specifier(*endpoints: Checked) -> bytes:
    """What a node is told to check, one cluster a row."""
    rows = [
        ClusterHealthCheck(
            cluster_name=one.cluster,
            locality_endpoints=[LocalityEndpoints(endpoints=[Endpoint(address=address(one))])],
        )
        for one in endpoints
    ]
    return bytes(HealthCheckSpecifier(cluster_health_checks=rows))


def report(found: dict[Checked, int]) -> bytes:
    """What Envoy sends, one cluster a row."""
    rows = []
    for checked, health in found.items():
        where = Endpoint(address=address(checked))
        one = EndpointHealth(endpoint=where, health_status=HealthStatus(health))
        locality = LocalityEndpointsHealth(endpoints_health=[one])
        rows.append(
            ClusterEndpointsHealth(
                cluster_name=checked.cluster, locality_endpoints_health=[locality]
            )
        )
    answer = EndpointHealthResponse(cluster_endpoints_health=rows)
    return bytes(HealthCheckRequestOrEndpointHealthResponse(endpoint_health_response=answer))


def test_both_messages_are_read() -> None:
    assert scan_said(hello("web-1")) == Said(node="web-1")
    pipe = Checked("rare", "/run/x.sock", 0)
    found = {A: GOOD, B: BAD, pipe: Health.TIMEOUT}
    assert scan_said(report(dict(found))) == Said(found=found)


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x12\x05x"])
def test_what_is_neither_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        scan_said(data)


def test_an_assignment_knows_its_endpoints() -> None:
    pipe = Checked("rare", "/run/x.sock", 0)
    v6 = Checked("shop", "2001:db8::1", 443)
    assert Assignment(specifier(A, B, pipe, v6)).endpoints == {A, B, pipe, v6}
    assert Assignment().endpoints == frozenset()
    assert [str(one) for one in (A, v6, pipe)] == [
        "10.0.0.1:80",
        "[2001:db8::1]:443",
        "/run/x.sock",
    ]
    with pytest.raises(MalformedError):
        Assignment(b"x")


def test_endpoints_of_an_assignment_of_a_cluster() -> None:
    members = [LbEndpoint(endpoint=Endpoint(address=address(one))) for one in (A, B)]
    body = bytes(
        ClusterLoadAssignment("shop", endpoints=[LocalityLbEndpoints(lb_endpoints=members)])
    )
    assert set(endpoints_of("shop", body)) == {A, B}

import pytest
from envoy_data_plane.envoy.config.core.v3 import Address, HealthStatus, Node, Pipe, SocketAddress
from envoy_data_plane.envoy.config.endpoint.v3 import Endpoint
from envoy_data_plane.envoy.service.health.v3 import (
    ClusterEndpointsHealth,
    EndpointHealth,
    EndpointHealthResponse,
    HealthCheckRequest,
    HealthCheckRequestOrEndpointHealthResponse,
    LocalityEndpointsHealth,
)

from xds_server.protocols.reports.health import (
    Assignment,
    Checked,
    Health,
    HealthTable,
    Said,
    scan_said,
)
from xds_server.protocols.xds.protobuf import MalformedError

A, B = Checked("shop", "10.0.0.1", 80), Checked("shop", "10.0.0.2", 80)
GOOD, BAD = Health.HEALTHY, Health.UNHEALTHY


def hello(node: str) -> bytes:
    asked = HealthCheckRequest(node=Node(id=node))
    return bytes(HealthCheckRequestOrEndpointHealthResponse(health_check_request=asked))


def report(found: dict[Checked, int]) -> bytes:
    """What Envoy sends, one cluster a row."""
    rows = []
    for checked, health in found.items():
        where = Address(
            socket_address=SocketAddress(address=checked.address, port_value=checked.port)
        )
        if not checked.port:
            where = Address(pipe=Pipe(path=checked.address))
        one = EndpointHealth(endpoint=Endpoint(address=where), health_status=HealthStatus(health))
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


def test_one_bad_word_counts_unless_another_checker_knows_better() -> None:
    changes: list[frozenset[Checked]] = []
    table = HealthTable(lambda: changes.append(table.unhealthy))
    table.take("one", {A: BAD, B: GOOD}, 1.0)
    table.take("one", {A: BAD, B: GOOD}, 2.0)
    assert changes == [{A}], "no news is no change"
    table.take("two", {A: GOOD}, 3.0)
    assert table.unhealthy == frozenset()
    table.forget("two", 2.5)
    assert table.unhealthy == frozenset(), "it was heard of since"
    table.forget("two", 3.0)
    assert table.unhealthy == {A}
    table.take("one", {B: Health.TIMEOUT}, 4.0)
    assert table.unhealthy == {B}, "what is no longer checked is no longer bad"
    assert [row[:2] for row in table.rows()] == [("one", B)]


def test_the_first_bad_words_of_a_checker_do_not_count() -> None:
    table = HealthTable()
    table.take("one", {A: BAD, B: GOOD}, 1.0, settled=False)
    assert table.unhealthy == frozenset()
    assert {c: h for _, c, h in table.rows()} == {A: Health.UNKNOWN, B: GOOD}
    table.take("one", {A: BAD, B: GOOD}, 2.0)
    table.take("one", {A: BAD, B: BAD}, 3.0, settled=False)
    assert table.unhealthy == {A}, "it begins anew: what was known still holds"


def test_assignments_are_told_when_they_change() -> None:
    told: list[bytes] = []
    table = HealthTable()
    unwatch = table.watch(lambda: told.append(table.assigned("one").specifier))
    table.assign({"one": Assignment(b"x", 3.0)})
    table.assign({"one": Assignment(b"x", 3.0)})
    assert told == [b"x"]
    assert table.assigned("two") == Assignment()
    unwatch()
    table.assign({})
    assert told == [b"x"]


def test_who_checks_nothing_any_longer_has_found_nothing() -> None:
    table = HealthTable()
    table.assign({"one": Assignment(b"x"), "two": Assignment(b"x")})
    for node in ("one", "two"):
        table.take(node, {A: BAD}, 1.0)
    table.assign({"two": Assignment(b"x")})
    assert [row[0] for row in table.rows()] == ["two"]
    table.assign({})
    assert table.unhealthy == frozenset()

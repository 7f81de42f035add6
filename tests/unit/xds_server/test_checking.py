from datetime import timedelta

from envoy_data_plane.envoy.config.core.v3 import HealthCheck
from envoy_data_plane.envoy.service.health.v3 import ClusterHealthCheck, HealthCheckSpecifier

from tests.unit.xds_server.protocols.reports.test_health import BAD, A, specifier
from xds_server.checking import HealthChecks


def test_an_assignment_is_bytes_and_the_time_that_a_verdict_takes() -> None:
    checks = HealthChecks()
    check = HealthCheck(
        interval=timedelta(seconds=2), timeout=timedelta(seconds=1), unhealthy_threshold=3
    )
    wanted = HealthCheckSpecifier(
        cluster_health_checks=[ClusterHealthCheck(cluster_name="shop", health_checks=[check])]
    )
    checks.assign("web-1", wanted)
    assigned = checks.table.assigned("web-1")
    assert HealthCheckSpecifier.parse(assigned.specifier) == wanted
    assert assigned.settle == 9.0
    checks.assign("web-1", None)
    assert checks.table.assigned("web-1").specifier == b""


def test_what_was_found_is_by_node_and_endpoint() -> None:
    checks = HealthChecks()
    checks.assign("web-1", HealthCheckSpecifier.parse(specifier(A)))
    checks.table.take("web-1", {A: BAD}, 1.0)
    assert checks.found() == {("web-1", A): BAD}

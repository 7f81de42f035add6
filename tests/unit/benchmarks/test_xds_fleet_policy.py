from benchmarks.xds_cold import moved
from benchmarks.xds_cold import text as services
from benchmarks.xds_fleet_policy import DOOR, ROUTE, endpoint, text
from translators import envoy
from translators.compiler.pipeline import compile_policy
from translators.plan.model import Plan
from translators.policy.load import load
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.protocols.xds.resource_types import ROUTE as ROUTES


def plan(source: str) -> Plan:
    loaded = load(source, "fleet.yaml")
    assert not loaded.diagnostics
    return compile_policy(loaded.documents).plan


def test_every_proxy_has_what_the_generator_asks_for() -> None:
    found = plan(text(3))
    for number in range(3):
        resources = envoy.translate(found, f"node-{number}")
        names = {(r.type_url, r.name) for r in resources}
        assert {(CLUSTER, DOOR), (ENDPOINT, DOOR)} <= names
        assert (ROUTES, ROUTE.replace("{n}", str(number))) in names


def test_moving_an_endpoint_changes_the_assignment_alone() -> None:
    before, after = (
        {(r.type_url, r.name): r.body for r in envoy.translate(plan(source), "node-1")}
        for source in (text(2), text(2).replace(endpoint(0, 0), endpoint(0, 9)))
    )
    assert [key for key in before if before[key] != after[key]] == [(ENDPOINT, DOOR)]


def test_the_moved_endpoint_of_a_cold_start_is_one_that_it_has() -> None:
    (document,) = load(moved(7), "m.yaml").documents
    assert document.key in {found.key for found in load(services(2), "s.yaml").documents}

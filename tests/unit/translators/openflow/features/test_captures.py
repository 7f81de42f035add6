"""The proxy reaches what its clients are captured for, and nothing else."""

from tests.plans import shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.features import captures
from translators.openflow.fields import DESTINATION, ETH_TYPE, IP_PROTO, PORT, SERVICE, SOURCE
from translators.openflow.flow import Match, match, program
from translators.openflow.frames import synthetic_ports
from translators.openflow.simulate import find
from translators.openflow.site import Site
from translators.openflow.tables import Table

PLAN = shop_plan()
SITE = Site(PLAN, PLAN.host["host1"], synthetic_ports(PLAN, "host1"))
OTHER = Site(PLAN, PLAN.host["host2"], synthetic_ports(PLAN, "host2"))


def _may(source: int, target: int, port: int, protocol: int = 6) -> bool:
    frame = {SOURCE: source, DESTINATION: target, PORT: port, ETH_TYPE: 0x800, IP_PROTO: protocol}
    flow = find(program(captures.flows(SITE), ()), Table.PROXY, frame)
    assert flow is not None
    admits = flow.goto == Table.COMMIT
    assert cause_of(flow.cookie) is (Cause.PROXY if admits else Cause.UNCAPTURED)
    return admits


def test_only_source_endpoint_and_target_together() -> None:
    assert _may(1, 2, 8080)
    assert _may(1, 3, 8080)
    assert not _may(1, 4, 8080)
    assert not _may(1, 2, 80)
    assert not _may(3, 2, 8080)
    assert not _may(1, 2, 8080, protocol=17)


def test_closures_are_about_direct_access_alone() -> None:
    (closure,) = captures.closures(SITE)
    assert closure.goto is None
    assert closure.actions == ()
    for alternative in closure.alternatives:
        assert all(_around(tests) for clause in alternative for tests in clause)


def _around(tests: Match) -> bool:
    """Whether these packets go around the proxy: directly, or as before the capture."""
    return (SERVICE, 0, None) in tests or tests == match((SERVICE, 1))


def test_other_hosts_proxies_reach_our_endpoints_only() -> None:
    (permit,) = captures.proxied(OTHER)
    assert permit.sources == (1,)
    targets = {
        value for c in permit.alternatives[0] for m in c for f, value, _ in m if f is DESTINATION
    }
    assert targets == {2}
    assert [d.sources for d in captures.proxied(SITE)] == [()]  # its clients are local


def test_targets_are_per_family() -> None:
    assert len(captures.targets(SITE, ("shop/stock", "rival/spy"), 80, 6)) == 3
    assert captures.targets(SITE, ("shop/nobody",), 80, 6) == ()

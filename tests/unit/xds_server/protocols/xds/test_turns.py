from xds_server.protocols.xds.delta import DeltaWatch
from xds_server.protocols.xds.offer import Target
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, ROUTE, RUNTIME
from xds_server.protocols.xds.turns import all_settled, carry, in_order, may_route, missing
from xds_server.protocols.xds.wire import DeltaRequest
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import Resource, snapshot_of


def watch(url: str = CLUSTER, since: int = 0, settled: int = 0) -> DeltaWatch:
    found = DeltaWatch(url, Device(DeviceKind.PROXY, "web-1"), patience=20.0)
    found.since, found.settled = since, settled
    return found


def test_what_is_referred_to_goes_first() -> None:
    routes, runtime, endpoints, clusters = map(watch, (ROUTE, RUNTIME, ENDPOINT, CLUSTER))
    ordered, backends, routings = in_order([routes, runtime, endpoints, clusters])
    assert list(ordered.values()) == [runtime, clusters, endpoints, routes]
    assert list(ordered) == [RUNTIME, CLUSTER, ENDPOINT, ROUTE]
    assert (backends, routings) == ((clusters, endpoints), (routes,))


def test_routes_wait_for_backends_that_are_as_new() -> None:
    routes = watch(ROUTE, since=3)
    assert may_route(routes, [watch(settled=3)], 0.0)
    assert not may_route(routes, [watch(settled=3), watch(settled=2)], 0.0)
    refusing = watch(settled=-1)
    refusing.refused = 3
    assert may_route(routes, [refusing], 0.0)


def test_who_is_silent_about_what_routes_need_is_not_waited_for() -> None:
    routes, silent = watch(ROUTE, since=3), watch(settled=-1)
    silent.receive(DeltaRequest(CLUSTER), 0.0)
    silent.advance(Target(2, snapshot_of([Resource(CLUSTER, "web", b"")]), retain=False), 0.0)
    assert not may_route(routes, [silent], 100.0)  # what it was sent is older than the need
    routes.since = 2
    assert not may_route(routes, [silent], 19.0)
    assert may_route(routes, [silent], 20.0)


def test_settled_means_since_the_last_change() -> None:
    assert all_settled([watch(since=2, settled=2), watch(since=0, settled=5)])
    assert not all_settled([watch(since=2, settled=1)])


def test_what_any_backend_misses_is_missing() -> None:
    lacking = watch()
    lacking.missing = frozenset({"web"})
    assert missing([watch(), lacking]) == {"web"}
    assert missing([watch()]) == frozenset()


def test_only_what_did_not_change_is_carried() -> None:
    watches = {url: watch(url) for url in (CLUSTER, ROUTE)}
    before = snapshot_of([])
    for one in watches.values():
        one.advance(Target(1, before, retain=False), 0.0)
    carry(watches, (CLUSTER,), before, Target(2, before, retain=False))
    assert [one.settled for one in watches.values()] == [1, 2]

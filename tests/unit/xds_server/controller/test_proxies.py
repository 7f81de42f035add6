from dataclasses import replace

from tests.plans import shop_plan
from tests.unit.translators.envoy.test_proxies import moved
from translators.envoy import Proxies, translated
from translators.envoy.resources import CLUSTER, ENDPOINT
from xds_server.controller.proxies import snapshots_of
from xds_server.snapshots.model import Resource, snapshot_of


def test_a_snapshot_holds_what_was_translated() -> None:
    source = translated(shop_plan())
    found = snapshots_of(source, Proxies(), {})
    wanted = [Resource(r.type_url, r.name, r.body, origin=r.origin) for r in source.of("host1")]
    assert found["host1"] == snapshot_of(wanted)
    assert found["host2"] == snapshot_of([])


def test_a_type_without_changes_keeps_its_resources_and_its_version() -> None:
    before = translated(shop_plan())
    held = snapshots_of(before, Proxies(), {})
    after = translated(moved(before.plan, "shop/reviews-1"), before=before)
    found = snapshots_of(after, before, held)["host1"]
    assert found.of(CLUSTER) is held["host1"].of(CLUSTER)
    assert found.version(ENDPOINT) != held["host1"].version(ENDPOINT)
    old = held["host1"].of(ENDPOINT)
    assert [n for n, r in found.of(ENDPOINT).items() if r is not old[n]] == [
        "shop/reviews:80/ipv4/v1",
        "shop/reviews:80/ipv6/v1",
    ]
    assert found == snapshots_of(translated(after.plan), Proxies(), {})["host1"]


def test_hosts_that_have_the_same_share_a_snapshot() -> None:
    plan = shop_plan()
    more = tuple(replace(plan.hosts[0], name=f"h{n}", datapath_id=90 + n) for n in range(3))
    found = snapshots_of(translated(replace(plan, hosts=more)), Proxies(), {})
    assert found["h0"] is found["h1"] is found["h2"]


def test_a_host_for_which_there_is_nothing_keeps_its_snapshot() -> None:
    before = translated(shop_plan())
    held = snapshots_of(before, Proxies(), {})
    after = translated(moved(before.plan, "shop/reviews-1"), before=before)
    assert snapshots_of(after, before, held)["host2"] is held["host2"]


def test_where_nothing_of_proxies_changes_all_snapshots_are_the_same_objects() -> None:
    before = translated(shop_plan())
    held = snapshots_of(before, Proxies(), {})
    after = translated(replace(before.plan, placements=()), before=before)
    assert snapshots_of(after, before, held) is held

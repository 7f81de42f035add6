from tests.plans import shop_plan
from tests.unit.translators.envoy.doors import with_captured
from translators.envoy.filters.access_log import Logged
from translators.envoy.parts import part
from translators.envoy.resources import CLUSTER, ENDPOINT, LISTENER


def test_hosts_of_one_capture_share_clusters_and_endpoints_but_no_listeners() -> None:
    plan = with_captured(shop_plan(), "shop/web", "shop/stock")
    found = part(plan, plan.captures[0], Logged.DENIED).hosts
    assert list(found) == ["host1", "host2"]
    of = {
        host: {(one.type_url, one.name): one for one in (*share.front, *share.back)}
        for host, share in found.items()
    }
    for key in of["host1"].keys() & of["host2"].keys():
        same = of["host1"][key] is of["host2"][key]
        assert same is (key[0] in (CLUSTER, ENDPOINT))
        assert same or key[0] == LISTENER, key

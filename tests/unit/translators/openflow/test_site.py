"""A site is one host's share of the plan."""

from tests.plans import routed, shop_plan
from translators.openflow.fields import SEGMENT
from translators.openflow.frames import synthetic_ports
from translators.openflow.site import Site, missing_ports


def _site(**ports: int) -> Site:
    plan = shop_plan()
    return Site(plan, plan.host["host1"], ports)


def test_only_who_has_a_port_is_attached() -> None:
    assert [e.name for e in _site(web=1).attached] == ["shop/web"]
    assert _site(web=1).local(("shop/web", "shop/reviews-2", "shop/stock")) == (1,)


def test_rules_that_name_the_same_have_the_same_identities_in_common() -> None:
    site, asked = _site(web=1), list[tuple[str, ...]]()

    def find(here: Site, names: tuple[str, ...]) -> tuple[int, ...]:
        asked.append(names)
        return here.local(names)

    first = site.once(find, ("shop/web", "shop/stock"))
    assert site.once(find, ("shop/web", "shop/stock")) is first
    assert first == (1,) == site.once(find, ("shop/web",))
    assert asked == [("shop/web", "shop/stock"), ("shop/web",)]


def test_only_the_segments_of_attached_workloads_matter() -> None:
    site = _site(web=1)
    assert [s.name for s in site.segments] == ["shop/front"]
    assert {e.name for e in site.remote} == {"shop/reviews-1", "shop/stock"}
    assert [s.name for s in site.services] == ["shop/reviews", "shop/stock"]
    assert site.elsewhere(("shop/stock", "shop/audit")) == (4,)


def test_a_router_brings_other_segments_into_reach() -> None:
    plan = routed(shop_plan())
    site = Site(plan, plan.host["host1"], {"web": 1})
    assert [s.name for s in site.segments] == ["shop/front"]
    assert [s.name for s in site.reached] == ["shop/back", "shop/front"]
    assert "shop/audit" in {e.name for e in site.remote}
    assert site.within("shop/front") == (SEGMENT, 1 << 16 | 77, None)
    assert site.reaching("shop/front") == site.reaching("shop/back") == (SEGMENT, 77, 0xFFFF)
    assert site.within("rival/lan") == site.reaching("rival/lan") == (SEGMENT, 3, None)


def test_proxy_and_tunnel_may_not_be_there_yet() -> None:
    assert _site(web=1).proxy_port is None
    assert _site(**{"fsdn-tun": 7}).tunnel_port == 7


def test_missing_ports_are_named() -> None:
    plan = shop_plan()
    assert missing_ports(plan, "host1", synthetic_ports(plan, "host1")) == ()
    assert missing_ports(plan, "host1", {"web": 1, "spy": 2}) == (
        "fsdn-proxy",
        "fsdn-tun",
        "reviews-2",
    )
    # nobody on host2 is captured
    assert "fsdn-proxy" not in missing_ports(plan, "host2", {})

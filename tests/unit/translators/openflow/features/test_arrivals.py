"""What comes through the tunnel is bounded again at its destination."""

from dataclasses import replace

from tests.plans import rule, shop_plan
from translators.openflow.features import arrivals
from translators.openflow.fields import DESTINATION, ETH_TYPE, IP_PROTO, PORT, SOURCE, TENANT
from translators.openflow.flow import program
from translators.openflow.frames import synthetic_ports
from translators.openflow.simulate import find
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Action, Plan

WEB, REVIEWS_1, STOCK = 1, 2, 4


def _enters(plan: Plan, source: int, target: int, port: int, ether: int = 0x800) -> bool:
    site = Site(plan, plan.host["host2"], synthetic_ports(plan, "host2"))
    frame = {TENANT: 1, SOURCE: source, DESTINATION: target, PORT: port}
    found = find(
        program(arrivals.flows(site), ()), Table.ARRIVAL, {**frame, ETH_TYPE: ether, IP_PROTO: 6}
    )
    assert found is not None
    return found.goto == Table.COMMIT


def test_a_service_rule_counts_as_what_it_leads_to() -> None:
    assert _enters(shop_plan(), WEB, STOCK, 8080)
    assert _enters(shop_plan(), WEB, STOCK, 8080, 0x86DD)
    assert not _enters(shop_plan(), WEB, STOCK, 80)  # the service's port, not the endpoint's


def test_a_captured_clients_proxy_enters() -> None:
    assert _enters(shop_plan(), WEB, REVIEWS_1, 8080)
    assert not _enters(shop_plan(), WEB, REVIEWS_1, 22)
    assert not _enters(shop_plan(), 3, REVIEWS_1, 8080)


def test_a_denial_of_endpoints_counts_here_too() -> None:
    shop = shop_plan()
    deny = rule(
        "shop/no[0]", 80, action=Action.DENY, sources=("shop/web",), endpoints=("shop/stock",)
    )
    assert not _enters(replace(shop, rules=(deny, *shop.rules)), WEB, STOCK, 8080)
    assert _enters(replace(shop, rules=(*shop.rules, deny)), WEB, STOCK, 8080)


def test_a_denial_of_a_service_leaves_other_ways_open() -> None:
    shop = shop_plan()
    deny = rule(
        "shop/no[0]", 80, action=Action.DENY, sources=("shop/web",), services=("shop/stock",)
    )
    direct = rule("shop/yes[0]", 81, sources=("shop/web",), endpoints=("shop/stock",))
    assert _enters(replace(shop, rules=(deny, direct, *shop.rules)), WEB, STOCK, 8080)

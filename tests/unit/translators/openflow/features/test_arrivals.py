"""What comes through the tunnel is bounded again at its destination."""

from dataclasses import replace

from tests.plans import rule, shop_plan
from translators.openflow.features import arrivals
from translators.openflow.fields import (
    BY_SERVICE,
    CT_LABEL,
    DESTINATION,
    ETH_TYPE,
    IP_PROTO,
    JUDGED,
    JUDGING,
    LABEL_LASTING,
    PORT,
    SOURCE,
    TENANT,
)
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


def _goes_on(plan: Plan, port: int, lasting: int) -> bool:
    """Whether what web has with stock is let in again, as it is established."""
    site = Site(plan, plan.host["host2"], synthetic_ports(plan, "host2"))
    frame = {TENANT: 1, SOURCE: WEB, DESTINATION: STOCK, PORT: port, ETH_TYPE: 0x800, IP_PROTO: 6}
    known = {JUDGED: JUDGING, CT_LABEL: lasting << LABEL_LASTING}
    found = find(program(arrivals.flows(site)), Table.ARRIVAL, {**frame, **known})
    assert found is not None
    return found.goto == Table.COMMIT


def test_an_endpoint_that_left_its_service_keeps_what_the_service_led_to_it() -> None:
    shop = shop_plan()
    services = tuple(replace(s, endpoints=()) for s in shop.services)
    left = replace(shop, services=services)
    assert _goes_on(shop, 8080, BY_SERVICE)
    assert _goes_on(left, 8080, BY_SERVICE)
    assert not _goes_on(left, 8080, 0), "what came directly has its rule, or none"
    assert not _enters(left, WEB, STOCK, 8080), "something new got in"
    deny = rule(
        "shop/no[0]", 80, action=Action.DENY, sources=("shop/web",), endpoints=("shop/stock",)
    )
    assert not _goes_on(replace(left, rules=(deny, *left.rules)), 8080, BY_SERVICE)


def test_a_door_that_a_service_leads_to_is_closed_with_its_rule() -> None:
    bare = replace(shop_plan(), rules=(), captures=())
    assert not _goes_on(bare, 8080, BY_SERVICE)

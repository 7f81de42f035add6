"""A connection stands while policy would admit it again, at the endpoint that it has."""

from dataclasses import replace
from ipaddress import ip_address

from tests.plans import rule, shop_plan
from translators.plan.evaluate import Packet
from translators.plan.model import TCP, UDP, Action, AppProtocol
from translators.plan.standing import Established, stands

WEB, VIP, REVIEWS = (ip_address(a) for a in ("10.10.0.11", "10.10.0.201", "10.10.0.200"))
PLAN = shop_plan()
STOCK = Established(Packet("shop/web", WEB, VIP, TCP, 40000, 80), "shop/stock", "shop/stock", 80)
BARE = replace(PLAN, rules=(), captures=())


def test_it_stands_with_its_rule_and_falls_without() -> None:
    assert stands(PLAN, STOCK)
    assert not stands(BARE, STOCK)
    assert stands(BARE, replace(STOCK, drain=True))


def test_an_endpoint_that_left_its_service_keeps_its_connections() -> None:
    services = tuple(replace(s, endpoints=()) for s in PLAN.services)
    assert stands(replace(PLAN, services=services), STOCK)


def test_what_is_for_the_proxy_now_does_not_go_around_it() -> None:
    packet = Packet("shop/web", WEB, REVIEWS, TCP, 40000, 80)
    before = Established(packet, "shop/reviews-1", "shop/reviews", 80)
    allow = rule("shop/all[0]", 90, sources=("shop/web",), services=("shop/reviews",))
    assert stands(replace(BARE, rules=(allow,)), before)
    assert not stands(replace(PLAN, rules=(*PLAN.rules, allow)), before)


def test_a_direct_connection_is_what_its_first_packet_would_be() -> None:
    direct = Established(
        Packet("shop/web", WEB, ip_address("10.10.0.31"), TCP, 1, 8080), "shop/stock"
    )
    allow = rule("shop/all[0]", 90, sources=("shop/web",), endpoints=("shop/stock",))
    assert not stands(BARE, direct)
    assert stands(replace(BARE, rules=(allow,)), direct)


def test_a_capture_is_about_tcp_alone() -> None:
    service = PLAN.service["shop/reviews"]
    udp = replace(service.ports[0], name="udp", number=999, protocol=AppProtocol.UDP)
    services = tuple(
        replace(s, ports=(*s.ports, udp)) if s is service else s for s in PLAN.services
    )
    plan = replace(
        PLAN,
        services=services,
        tenants=tuple(replace(t, default=Action.ALLOW) for t in PLAN.tenants),
    )
    assert plan.is_captured("shop/web", "shop/reviews", 80)
    packet = Packet("shop/web", WEB, REVIEWS, UDP, 40000, 80)
    assert stands(plan, Established(packet, "shop/reviews-1", "shop/reviews", 80))


def test_a_service_may_cut_what_it_led_to_an_endpoint_that_left() -> None:
    cutting = tuple(replace(s, cuts=True) for s in PLAN.services)
    assert stands(replace(PLAN, services=cutting), STOCK)
    left = replace(PLAN, services=tuple(replace(s, endpoints=()) for s in cutting))
    assert not stands(left, STOCK)
    draining = tuple(replace(s, draining=s.endpoints) for s in cutting)
    assert stands(replace(PLAN, services=draining), STOCK)

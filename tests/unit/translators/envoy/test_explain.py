"""A proxy's rows of an explanation."""

from ipaddress import ip_address

import pytest

from tests.plans import rule, shop_plan
from tests.unit.translators.envoy.doors import with_protocol, with_rules
from translators.envoy.explain import explain
from translators.plan.evaluate import Packet
from translators.plan.http import Request
from translators.plan.model import Action, AppProtocol, HttpMatch

WEB, REVIEWS = ip_address("10.10.0.11"), ip_address("10.10.0.200")
PACKET = Packet("shop/web", WEB, REVIEWS, 6, 40000, 80)


def test_unsteered_packets_have_no_row() -> None:
    stock = Packet("shop/web", WEB, ip_address("10.10.0.201"), 6, 40000, 80)
    spoofed = Packet("shop/web", ip_address("10.10.0.12"), REVIEWS, 6, 40000, 80)
    assert explain(shop_plan(), stock) == explain(shop_plan(), spoofed) == ()


def test_a_connection_has_the_listeners_row() -> None:
    (step,) = explain(shop_plan(), PACKET)
    assert (step.layer, step.device, step.verdict) == ("proxy", "host1/envoy", "carry")
    assert step.native == (
        "listener shop/reviews:80/ipv4 filter_chain shop/reviews:80/ipv4/shop/web "
        "source 10.10.0.11/32"
    )
    assert (step.rule, step.origin) == ("shop/reviews[0]", "shop.yaml:1")


@pytest.mark.parametrize(
    ("request_", "verdict", "rule", "native"),
    [
        (Request(path="/admin"), "deny", "shop/reviews[0]", '"path_separated_prefix": "/admin"'),
        (Request(), "allow", "shop/reviews[2]", '"name": "shop/reviews:80/ipv4/v1", "weight": 90'),
        (Request(method="PUT"), "deny", "shop/default", '"status": 403'),
        (Request(path="/a%2fb"), "deny", "", "normalize_path: 400"),
    ],
)
def test_a_request_has_the_row_of_the_route_that_decides(
    request_: Request, verdict: str, rule: str, native: str
) -> None:
    _, step = explain(shop_plan(), PACKET, request_)
    assert (step.verdict, step.rule) == (verdict, rule)
    assert native in step.native


def test_a_raw_port_is_decided_by_connection() -> None:
    plan = with_rules(with_protocol(shop_plan(), AppProtocol.TCP))
    _, step = explain(plan, PACKET)
    assert (step.verdict, step.rule) == ("deny", "shop/default")


def test_an_audit_has_a_row_where_it_counts() -> None:
    to = {"sources": ("shop/web",), "services": ("shop/reviews",)}
    audit = rule("shop/p[0]", 1, action=Action.AUDIT, http=HttpMatch(methods=("GET",)), **to)
    plan = with_rules(shop_plan(), audit)
    rows = explain(plan, PACKET, Request())[1:]
    assert [(row.verdict, row.rule) for row in rows] == [
        ("audit", "shop/p[0]"),
        ("deny", "shop/default"),
    ]
    assert [row.verdict for row in explain(plan, PACKET, Request(method="PUT"))[1:]] == ["deny"]

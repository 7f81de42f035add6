"""A subset's weight is shared by its members; weights are compared as whole numbers."""

from dataclasses import replace
from fractions import Fraction
from ipaddress import ip_address

import pytest

from tests.plans import rule, shop_plan
from translators.plan.balance import members_of, weight_of, whole
from translators.plan.evaluate import Packet, Verdict, evaluate
from translators.plan.model import TCP, Action, Plan, Share

ONE, TWO = "shop/reviews-1", "shop/reviews-2"


def _weight(name: str, *shares: Share, members: tuple[str, ...] = (ONE, TWO)) -> Fraction:
    routed = replace(rule("shop/r[0]", 51), balance=shares)
    return weight_of(routed, shop_plan().service["shop/reviews"], members, name)


def test_shares_add_up_and_are_divided() -> None:
    assert _weight(ONE) == weight_of(None, shop_plan().service["shop/reviews"], (), ONE) == 1
    assert _weight(ONE, Share(None, 3)) == Fraction(3, 2)
    assert _weight(ONE, Share(None, 3), Share("v1", 2)) == Fraction(7, 2)
    assert _weight(TWO, Share("v1", 2)) == 0
    assert _weight(ONE, Share(None, 3), members=(ONE,)) == 3


@pytest.mark.parametrize(
    ("weights", "found"),
    [
        ([], ()),
        ([Fraction(0)], (0,)),
        ([Fraction(1), Fraction(1)], (1, 1)),
        ([Fraction(45), Fraction(45), Fraction(10)], (9, 9, 2)),
        ([Fraction(1, 2), Fraction(1, 3), Fraction(0)], (3, 2, 0)),
    ],
)
def test_whole_numbers(weights: list[Fraction], found: tuple[int, ...]) -> None:
    assert whole(weights) == found


def _verdict(*shares: Share) -> Verdict:
    return _asked(_plan(*shares))


def _plan(*shares: Share) -> Plan:
    routed = rule("shop/r[0]", 51, sources=("shop/web",), services=("shop/reviews",))
    return replace(shop_plan(), rules=(replace(routed, balance=shares),), captures=())


def _asked(plan: Plan) -> Verdict:
    own, vip = ip_address("10.10.0.11"), plan.service["shop/reviews"].vips[0]
    return evaluate(plan, Packet("shop/web", own, vip, TCP, 40000, 80))


def test_a_verdict_has_the_weights() -> None:
    found = {t.endpoint: t.weight for t in _verdict(Share("v1", 90), Share("v2", 10)).targets}
    assert found == {ONE: 9, TWO: 1}
    assert [t.endpoint for t in _verdict(Share("v1", 5), Share("v2", 0)).targets] == [ONE]
    nowhere = _verdict(Share("v1", 0))
    assert (nowhere.action, nowhere.targets) == (Action.DENY, ())
    assert "no endpoint" in nowhere.reason


def test_an_endpoint_that_drains_gets_no_new_connection_and_its_share_goes_to_others() -> None:
    shop = shop_plan()
    services = tuple(replace(s, draining=(ONE,)) for s in shop.services)
    draining = replace(shop, services=services)
    assert members_of(draining, draining.service["shop/reviews"], 4) == (TWO,)
    plan = replace(_plan(Share(None, 4)), services=services)
    assert [t.endpoint for t in _asked(plan).targets] == [TWO]
    nowhere = _asked(replace(_plan(Share("v1", 5)), services=services))
    assert (nowhere.action, nowhere.targets) == (Action.DENY, ())

"""Sources that may reach only some endpoints of a service have groups of their own."""

from dataclasses import replace

from tests.plans import rule, shop_plan
from translators.openflow.features.choices import choice_key, choice_numbers, choices
from translators.openflow.frames import synthetic_ports
from translators.openflow.site import Site
from translators.plan.model import Action, Plan, Share


def _plan(*rules: object) -> Plan:
    shop = shop_plan()
    return replace(shop, rules=(*rules, *shop.rules), captures=())  # type: ignore[arg-type]


def _found(plan: Plan) -> dict[tuple[int, int, int], list[str]]:
    site = Site(plan, plan.host["host1"], synthetic_ports(plan, "host1"))
    return {
        (c.source, c.port.number, c.family): [e.name for e in c.endpoints] for c in choices(site)
    }


def test_most_sources_need_none() -> None:
    assert _found(shop_plan()) == {}


def test_a_denied_endpoint_is_left_out() -> None:
    closed = rule(
        "shop/closed[0]",
        50,
        action=Action.DENY,
        sources=("shop/web",),
        endpoints=("shop/reviews-1",),
    )
    opened = rule("shop/open[0]", 51, sources=("shop/web",), services=("shop/reviews",))
    assert _found(_plan(closed, opened)) == {
        (1, 1, 4): ["shop/reviews-2"],
        (1, 1, 6): ["shop/reviews-2"],
    }
    assert _found(_plan(opened, closed)) == {}  # the first rule allows all


def test_a_member_of_a_service_is_not_sent_to_itself() -> None:
    opened = rule("shop/open[0]", 51, sources=("shop/reviews-2",), services=("shop/reviews",))
    assert _found(_plan(opened))[3, 1, 4] == ["shop/reviews-1"]


def _weighed(*shares: Share) -> dict[str, int]:
    routed = rule("shop/r[0]", 51, sources=("shop/web",), services=("shop/reviews",))
    plan = _plan(replace(routed, balance=shares))
    site = Site(plan, plan.host["host1"], synthetic_ports(plan, "host1"))
    (choice,) = (c for c in choices(site) if c.source == 1 and c.family == 4)
    assert (choice_key(choice) in choice_numbers([choice])) == bool(choice.endpoints)
    names = [e.name for e in choice.endpoints]
    return dict(zip(names, choice.weights, strict=True))


def test_a_route_gives_weights_and_0_leaves_out() -> None:
    assert _weighed(Share("v1", 90), Share("v2", 10)) == {"shop/reviews-1": 9, "shop/reviews-2": 1}
    assert _weighed(Share("v1", 1), Share("v2", 0)) == {"shop/reviews-1": 1}
    assert _weighed(Share("v1", 0), Share("v2", 0)) == {}


def test_a_route_to_all_alike_needs_no_group_of_its_own() -> None:
    routed = rule("shop/r[0]", 51, sources=("shop/web",), services=("shop/reviews",))
    assert _found(_plan(replace(routed, balance=(Share(None, 7),)))) == {}


def test_numbers_depend_on_the_set_alone() -> None:
    opened = rule("shop/open[0]", 51, sources=("shop/reviews-2",), services=("shop/reviews",))
    plan = _plan(opened)
    site = Site(plan, plan.host["host1"], synthetic_ports(plan, "host1"))
    found = list(choices(site))
    numbers = choice_numbers(found)
    assert numbers[choice_key(found[0])] == choice_numbers(found[:1])[choice_key(found[0])]
    assert len(set(numbers.values())) == len({choice_key(c) for c in found}) == 2
    assert all(1 << 25 <= number < 0xFFFFFF00 for number in numbers.values())

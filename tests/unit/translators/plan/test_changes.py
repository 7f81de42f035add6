from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.plans import shop_plan
from tests.properties.strategies import random_plan
from translators.plan.changes import changes


def test_equal_plans_do_not_differ() -> None:
    found = changes(shop_plan(), shop_plan())
    assert not any((found.tenants, found.hosts, found.endpoints, found.services, found.captures))


def test_an_endpoint_concerns_the_services_that_it_belongs_to() -> None:
    plan = shop_plan()
    other = [
        replace(e, mac="02:00:00:00:00:99") if "reviews-1" in e.name else e for e in plan.endpoints
    ]
    found = changes(plan, replace(plan, endpoints=tuple(other)))
    assert found.endpoints == {"shop/reviews-1"}
    assert found.services == {"shop/reviews"}


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_a_service_about_which_nothing_is_told_has_the_same_rules(seed: int, other: int) -> None:
    old, new = random_plan(Random(seed)), random_plan(Random(other))
    found = changes(old, new)
    for name in old.service.keys() & new.service.keys():
        if name not in found.services:
            assert old.service[name] == new.service[name]
            assert old.about(name) == new.about(name)


def test_the_order_of_rules_counts() -> None:
    plan = shop_plan()
    found = changes(plan, replace(plan, rules=plan.rules[::-1]))
    assert "shop/reviews" in found.services

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.strategies import random_plan
from translators.plan.index import RuleIndex, index_of
from translators.plan.model import Plan


def meant(plan: Plan, service: str) -> tuple[str, ...]:
    """Return the rules about a service as every rule says it of itself."""
    endpoints = set(plan.service[service].endpoints)
    return tuple(
        rule.name
        for rule in plan.rules
        if service in rule.services or not endpoints.isdisjoint(rule.endpoints)
    )


@given(st.integers(0, 2**32))
def test_rules_about_a_service_are_those_that_name_it_or_an_endpoint_in_order(seed: int) -> None:
    plan = random_plan(Random(seed))
    for service in plan.services:
        assert tuple(r.name for r in plan.about(service.name)) == meant(plan, service.name)
        for rule in plan.rules:
            concerned = service.name in plan.index.concerned(rule)
            assert concerned is (rule.name in meant(plan, service.name))


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_an_index_that_was_changed_equals_one_made_anew(seed: int, other: int) -> None:
    one, two = random_plan(Random(seed)), random_plan(Random(other))
    ranks = {rule.name: place for place, rule in enumerate(two.rules)}
    changed = index_of(one.rules, one.services).with_rules(one.rules, two.rules, ranks)
    assert changed.with_services(one.services, two.services) == index_of(two.rules, two.services)


def test_nothing_is_about_nothing() -> None:
    assert index_of((), ()) == RuleIndex()

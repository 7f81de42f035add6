from dataclasses import replace
from random import Random

import pytest

from tests.plans import shop_plan
from tests.properties.http_plans import http_plan
from translators.envoy.filters.access_log import Logged
from translators.envoy.proxies import Proxies, translated
from translators.envoy.resources import CLUSTER, ENDPOINT, LISTENER
from translators.plan.model import Plan


def moved(plan: Plan, name: str) -> Plan:
    """Return the plan in which an endpoint has another address."""
    there = plan.endpoint[name]
    other = replace(there, addresses=tuple(a + 100 for a in there.addresses))
    return replace(plan, endpoints=tuple(other if e is there else e for e in plan.endpoints))


def test_a_moved_endpoint_makes_its_assignments_again_and_nothing_else() -> None:
    before = translated(shop_plan())
    after = translated(moved(before.plan, "shop/reviews-1"), before=before)
    old, new = before.resources["host1"], after.resources["host1"]
    assert [url for url in new if new[url] is not old[url]] == [ENDPOINT]
    changed = [n for n, one in new[ENDPOINT].items() if one is not old[ENDPOINT][n]]
    assert changed == ["shop/reviews:80/ipv4/v1", "shop/reviews:80/ipv6/v1"]


def test_nothing_is_made_again_from_the_same_plan() -> None:
    before = translated(shop_plan())
    after = translated(shop_plan(), before=before)
    assert after == before
    assert after.resources["host1"] is before.resources["host1"]


def test_another_log_makes_all_of_it_again() -> None:
    before = translated(shop_plan())
    after = translated(shop_plan(), Logged.EVERYTHING, before)
    assert after == translated(shop_plan(), Logged.EVERYTHING)
    assert after.of("host1") != before.of("host1")


def test_a_host_that_goes_takes_its_resources_along() -> None:
    before = translated(shop_plan())
    fewer = replace(shop_plan(), hosts=(), captures=())
    assert translated(fewer, before=before) == Proxies(fewer)


def test_compiled_resources_are_found_by_name() -> None:
    found = translated(shop_plan())
    name = "shop/reviews:80/ipv4"
    assert found.compiled_as("host1", LISTENER, name) in found.compiled("host1")
    assert found.compiled_as("host1", CLUSTER, "none") is None
    assert found.compiled_as("host2", LISTENER, name) is None


@pytest.mark.parametrize("seed", range(30))
def test_what_was_kept_equals_what_is_made_anew(seed: int) -> None:
    rng, found = Random(seed), Proxies()
    for number in (seed, seed + 1000, seed):
        plan = http_plan(Random(number))
        for _ in range(3):
            found = translated(plan, before=found)
            assert found == translated(plan)
            plan = moved(plan, rng.choice(plan.endpoints).name)

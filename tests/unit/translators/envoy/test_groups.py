"""Which sources share a filter chain."""

from dataclasses import replace
from ipaddress import ip_address
from random import Random

import pytest

from tests.plans import rule, shop_plan
from tests.properties.http_plans import http_plan
from tests.unit.translators.envoy.doors import (
    door_of,
    with_captured,
    with_captures,
    with_endpoints,
    with_rules,
)
from translators.envoy.groups import groups
from translators.plan.covering import rules_for_service
from translators.plan.model import HttpMatch


def test_only_the_sources_host_has_a_door_one_for_each_family() -> None:
    plan = shop_plan()
    assert [door.name for door, _ in groups(plan, "host1")] == [
        "shop/reviews:80/ipv4",
        "shop/reviews:80/ipv6",
    ]
    assert list(groups(plan, "host2")) == []


def test_a_group_is_named_after_its_sources_alone() -> None:
    plan = with_captured(shop_plan(), "shop/reviews-2", "shop/web")
    _, before = door_of(plan)
    assert [group.label for group in before] == ["shop/reviews-2", "shop/web"]
    more = rule("shop/new[0]", 9, sources=("shop/web",), services=("shop/reviews",))
    more = replace(more, http=HttpMatch(methods=("PUT",)))
    _, after = door_of(with_rules(plan, more, *plan.rules))
    assert [group.name for group in after] == [group.name for group in before]


def test_sources_with_the_same_rules_share_a_group() -> None:
    plan = with_rules(with_captured(shop_plan(), "shop/reviews-2", "shop/web"))
    _, (group,) = door_of(plan)
    assert [source.name for source in group.sources] == ["shop/reviews-2", "shop/web"]
    assert group.label.startswith("shop/reviews-2+1~")
    assert group.addresses == (ip_address("10.10.0.11"), ip_address("10.10.0.22"))


def test_isolation_keeps_other_tenants_and_segments_out() -> None:
    plan = with_captured(shop_plan(), "rival/spy", "shop/web")
    _, found = door_of(plan)
    assert [source.name for group in found for source in group.sources] == ["shop/web"]


def test_a_source_without_an_address_of_the_family_has_no_chain() -> None:
    plan = shop_plan()
    v4 = tuple(replace(e, addresses=e.addresses[:1]) for e in plan.endpoints)
    assert [door.family for door, _ in groups(with_endpoints(plan, *v4), "host1")] == [4]


def test_subsets_without_an_endpoint_of_the_family_are_not_served() -> None:
    plan = shop_plan()
    changed = tuple(
        replace(e, addresses=e.addresses[:1]) if e.name == "shop/reviews-2" else e
        for e in plan.endpoints
    )
    door, _ = door_of(with_endpoints(plan, *changed), family=6)
    assert door.served == {None, "v1"}


def test_a_capture_of_a_port_that_is_none_is_a_bug() -> None:
    plan = shop_plan()
    wrong = replace(plan.captures[0], port=81)
    with pytest.raises(ValueError, match="shop/reviews:81"):
        list(groups(with_captures(plan, wrong), "host1"))


@pytest.mark.parametrize("seed", range(30))
def test_a_group_has_the_rules_of_the_reference_meaning(seed: int) -> None:
    plan = http_plan(Random(seed))
    for door, found in groups(plan, "host1"):
        for group in found:
            for source in group.sources:
                expected = rules_for_service(
                    plan, source.name, door.service, door.port, door.family
                )
                assert group.rules == expected

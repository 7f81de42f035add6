"""Everything that one host's proxy should have."""

from dataclasses import replace
from random import Random

import pytest

from tests.plans import shop_plan
from tests.properties.http_plans import http_plan
from tests.unit.translators.envoy.doors import with_captured, with_protocol, with_rules
from translators.envoy.encode import encode
from translators.envoy.filters.access_log import Logged
from translators.envoy.proxy import messages, translate
from translators.envoy.resources import CLUSTER, ENDPOINT, LISTENER, ROUTE
from translators.plan.model import AppProtocol, Plan


def _names(plan: Plan, type_url: str) -> list[str]:
    return [r.name for r in translate(plan, "host1") if r.type_url == type_url]


def test_a_host_without_captured_sources_has_nothing() -> None:
    assert translate(shop_plan(), "host2") == ()


def test_bytes_and_messages_say_the_same() -> None:
    typed = messages(shop_plan(), "host1", Logged.EVERYTHING)
    encoded = translate(shop_plan(), "host1", Logged.EVERYTHING)
    assert [(t.type_url, t.name, encode(t.message), t.origin) for t in typed] == [
        (e.type_url, e.name, e.body, e.origin) for e in encoded
    ]


@pytest.mark.parametrize("seed", range(20))
def test_what_was_kept_equals_what_is_built_anew(seed: int) -> None:
    """The second of two plans that share names must not be given the first one's bytes."""
    for plan in (http_plan(Random(seed)), http_plan(Random(seed + 1000)), http_plan(Random(seed))):
        fresh = [(t.type_url, t.name, encode(t.message)) for t in messages(plan, "host1")]
        assert [(e.type_url, e.name, e.body) for e in translate(plan, "host1")] == fresh


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_input_changes_nothing(seed: int) -> None:
    plan, rng = http_plan(Random(seed)), Random(seed)

    def shuffled(items: tuple[object, ...]) -> object:
        return tuple(rng.sample(items, len(items)))

    captures = [replace(c, sources=shuffled(c.sources)) for c in plan.captures]  # type: ignore[arg-type]
    other = Plan(
        tenants=plan.tenants,
        hosts=plan.hosts,
        segments=plan.segments,
        endpoints=shuffled(plan.endpoints),  # type: ignore[arg-type]
        services=shuffled(plan.services),  # type: ignore[arg-type]
        rules=plan.rules,
        captures=shuffled(tuple(captures)),  # type: ignore[arg-type]
    )
    assert translate(other, "host1") == translate(plan, "host1")


def test_every_cluster_that_is_used_exists_with_its_endpoints_and_no_other() -> None:
    expected = [f"shop/reviews:80/ipv{n}/{v}" for n in (4, 6) for v in ("v1", "v2")]
    assert _names(shop_plan(), CLUSTER) == _names(shop_plan(), ENDPOINT) == expected


def test_every_group_has_its_routes() -> None:
    plan = with_captured(shop_plan(), "shop/reviews-2", "shop/web")
    assert _names(plan, LISTENER) == ["shop/reviews:80/ipv4", "shop/reviews:80/ipv6"]
    assert _names(plan, ROUTE) == [
        f"shop/reviews:80/ipv{n}/shop/{s}" for n in (4, 6) for s in ("reviews-2", "web")
    ]


def test_a_raw_port_has_no_routes_and_a_cluster_even_behind_a_denial() -> None:
    plan = with_rules(with_protocol(shop_plan(), AppProtocol.TCP))
    assert _names(plan, ROUTE) == []
    assert _names(plan, CLUSTER) == ["shop/reviews:80/ipv4", "shop/reviews:80/ipv6"]


def test_a_changed_rule_changes_routes_and_no_listener() -> None:
    plan = shop_plan()
    changed = [replace(r, route=None) if r.name == "shop/reviews[1]" else r for r in plan.rules]
    before = translate(plan, "host1")
    after = translate(with_rules(plan, *changed), "host1")

    def of(resources: object, type_url: str) -> list[object]:
        return [r for r in resources if r.type_url == type_url]  # type: ignore[attr-defined]

    assert of(before, LISTENER) == of(after, LISTENER)
    assert of(before, ROUTE) != of(after, ROUTE)


def test_origins_lead_to_the_policy() -> None:
    assert {r.origin for r in translate(shop_plan(), "host1")} == {"shop.yaml:1"}

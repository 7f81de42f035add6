from typing import Any

import pytest

from tests.unit.translators.compiler.small import (
    HTTP,
    SQL,
    codes,
    compiled,
    plan_of,
    policy,
    service,
    workload,
)
from translators.plan.model import Layer

GET: dict[str, Any] = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}


def test_a_port_is_captured_for_the_sources_of_its_l7_rules() -> None:
    plan = plan_of(service("api", HTTP, SQL), policy("p", GET, {"action": "allow"}))
    (capture,) = plan.captures
    assert (capture.service, capture.port, capture.sources) == ("shop/api", 80, ("shop/web",))
    assert capture.rule == "shop/p[0]"


def test_l4_alone_is_never_captured() -> None:
    assert plan_of(service(), policy("p", {"action": "allow"})).captures == ()


def test_a_route_and_a_pin_need_the_proxy_as_well() -> None:
    route = {"match": {"tcp": {"ports": [80]}}, "route": {"to": [{}]}}
    assert "routes" in plan_of(service(), policy("p", route)).captures[0].reason
    pin = {"match": {"tcp": {"ports": [80]}}, "action": "allow", "enforce": "proxy"}
    assert "pinned" in plan_of(service(), policy("p", pin)).captures[0].reason


def test_a_source_without_proxy_cannot_have_l7_rules() -> None:
    alone = workload("alone", 50, "web", proxy="none")
    found = compiled(alone, service(), policy("p", GET))
    assert [d.code for d in found.diagnostics] == ["FS7002"]
    assert found.plan.captures[0].sources == ("shop/web",)


def test_a_rule_for_some_endpoints_must_not_come_before_the_end() -> None:
    part = {"match": {"tcp": {"ports": [8080]}}, "action": "deny"}
    to_one = {"to": [{"workload": "api-1"}]}
    assert codes(service(), policy("p", GET), policy("q", part, priority=9, **to_one)) == ["FS8001"]
    ends = policy("p", GET, {"action": "allow"}, priority=9)
    assert codes(service(), ends, policy("q", part, **to_one)) == []
    other_port = {"match": {"tcp": {"ports": [22]}}, "action": "deny"}
    assert codes(service(), policy("p", GET), policy("q", other_port, **to_one)) == []


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({**GET, "enforce": "vswitch"}, ["FS8004"]),
        ({**GET, "enforce": "fabric"}, ["FS8004"]),
        ({"action": "allow", "enforce": "fabric"}, ["FS8004"]),
        ({"action": "allow", "enforce": "vswitch"}, []),
        ({"match": {"http": {}}, "route": {"to": [{}]}, "enforce": "vswitch"}, ["FS8004"]),
    ],
)
def test_pins(rule: dict[str, Any], found: list[str]) -> None:
    assert codes(service(), policy("p", rule)) == found


def test_a_pin_to_the_vswitch_behind_an_l7_rule_is_impossible() -> None:
    pinned = {"action": "allow", "enforce": "vswitch"}
    assert codes(service(), policy("p", GET, pinned)) == ["FS8004"]


def test_each_clause_has_a_placement_for_each_layer_that_carries_it() -> None:
    plan = plan_of(service("api", HTTP, SQL), policy("p", GET, {"action": "allow"}))
    assert [(p.rule, p.layer) for p in plan.placements] == [
        ("shop/p[0]", Layer.PROXY),
        ("shop/p[1]", Layer.PROXY),
    ]


def test_a_shape_cannot_hold_where_the_proxy_decides() -> None:
    shaped = {"action": "allow", "shape": {"rate": "10Mbps"}}
    (found,) = compiled(service(), policy("p", GET, shaped)).diagnostics
    assert (found.code, "no bridge shapes" in found.message) == ("FS8004", True)
    (rule,) = plan_of(service(), policy("p", shaped)).rules
    assert rule.shape is not None
    assert (rule.shape.rate, rule.shape.burst) == (10_000, 1_000)

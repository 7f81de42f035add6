from ipaddress import ip_address

import pytest

from tests.properties.worlds import Thing
from tests.unit.translators.compiler.small import (
    HTTP,
    SQL,
    plan_of,
    policy,
    segment,
    service,
    thing,
    workload,
)
from translators.plan.evaluate import Packet, Target, Verdict, evaluate
from translators.plan.http import Request
from translators.plan.model import ICMP, TCP, UDP, Action, Affinity, Layer, Plan

GET: Thing = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}
ALLOW: Thing = {"action": "allow"}
VIP = "10.10.0.200"
API = service("api", HTTP, SQL, addresses=[VIP, "fd10:10::ff00"])
EVERY = {"from_": [{"any": True}], "to": [{"any": True}]}


def packet(
    to: str, port: int, protocol: int = TCP, source: str = "10.10.0.11", by: str = "shop/web"
) -> Packet:
    return Packet(by, ip_address(source), ip_address(to), protocol, 40000, port)


def names(verdict: Verdict) -> list[tuple[str, int]]:
    return [(target.endpoint, target.port) for target in verdict.targets]


def test_a_source_must_be_who_it_says_it_is() -> None:
    plan = plan_of(API, policy("p", ALLOW, **EVERY))
    for source in ("10.10.0.20", "192.0.2.1"):
        verdict = evaluate(plan, packet(VIP, 5432, source=source))
        assert verdict.action is Action.DENY
        assert "source address" in verdict.reason
    assert evaluate(plan, packet(VIP, 5432)).action is Action.ALLOW


def test_tenants_and_segments_are_isolated_whatever_the_rules() -> None:
    far = workload("far", 31, "far", segment="back", addresses=["10.20.0.31"])
    lan = segment("lan", 30)
    spy = workload("spy", 32, "spy", segment="lan", addresses=["10.30.0.32"])
    for item in (lan, spy):
        item["metadata"]["tenant"] = "rival"
    more = (segment("back", 20), far, thing("Tenant", "rival", {"default": "allow"}), lan, spy)
    plan = plan_of(API, *more, policy("p", ALLOW, **EVERY), default="allow")
    assert "segments" in evaluate(plan, packet("10.20.0.31", 80)).reason
    assert "tenants" in evaluate(plan, packet("10.30.0.32", 80)).reason
    stranger = packet(VIP, 5432, source="10.20.0.31", by="shop/far")
    assert "segments" in evaluate(plan, stranger).reason


def test_a_router_joins_segments_and_policy_decides_between_them() -> None:
    gateways = {"router": "main", "gateways": ["10.10.0.1", "fd10:10::1"]}
    back = {"router": "main", "gateways": ["10.20.0.1", "fd10:20::1"]}
    far = workload("far", 31, "far", segment="back", addresses=["10.20.0.31"])
    allowed = {"match": {"tcp": {"ports": [80]}}, "action": "allow"}
    rule = policy("p", allowed, to=[{"segment": "back"}])
    places = (segment(**gateways), segment("back", 20, **back), far)
    plan = plan_of(*places, rule)
    assert names(evaluate(plan, packet("10.20.0.31", 80))) == [("shop/far", 80)]
    assert evaluate(plan, packet("10.20.0.31", 81)).action is Action.DENY
    assert "default" in evaluate(plan, packet("10.20.0.31", 81)).reason
    apart = plan_of(segment(**gateways), segment("back", 20), far, rule)
    assert "segments" in evaluate(apart, packet("10.20.0.31", 80)).reason


@pytest.mark.parametrize("default", ["allow", "deny"])
def test_what_no_rule_matches_takes_the_default(default: str) -> None:
    verdict = evaluate(plan_of(API, default=default), packet(VIP, 5432))
    assert verdict.action == default
    assert verdict.rule is None
    assert bool(verdict.targets) is (default == "allow")


def test_nobody_lives_at_an_unknown_address_or_port() -> None:
    plan = plan_of(API, default="allow")
    assert evaluate(plan, packet("10.10.0.250", 80)).action is Action.DENY
    assert "no such port" in evaluate(plan, packet(VIP, 81)).reason
    assert "no such port" in evaluate(plan, packet(VIP, 80, UDP)).reason
    assert "no such port" in evaluate(plan, packet(VIP, 0, ICMP)).reason
    assert "never leaves" in evaluate(plan, packet("10.10.0.11", 80)).reason


def test_rules_for_endpoints_count_for_each_endpoint_of_a_service() -> None:
    first = policy("a", {"action": "deny"}, to=[{"workload": "api-1"}], priority=9)
    plan = plan_of(API, first, policy("p", ALLOW))
    verdict = evaluate(plan, packet(VIP, 5432))
    assert names(verdict) == [("shop/api-2", 5432)]
    assert verdict.rule == "shop/p[0]"


def test_service_ports_are_held_against_services_own_ports_against_endpoints() -> None:
    by_service = policy("p", {"match": {"tcp": {"ports": [80]}}, "action": "allow"})
    by_workload = policy("p", {"match": {"tcp": {"ports": [8080]}}, "action": "allow"}, **EVERY)
    for rule in (by_service, by_workload):
        verdict = evaluate(plan_of(API, rule), packet(VIP, 80))
        assert names(verdict) == [("shop/api-1", 8080), ("shop/api-2", 8080)]
    assert evaluate(plan_of(API, by_service), packet("10.10.0.20", 8080)).action is Action.DENY
    assert evaluate(plan_of(API, by_workload), packet("10.10.0.20", 8080)).action is Action.ALLOW


def test_a_captured_port_is_steered_and_its_targets_are_closed() -> None:
    plan = plan_of(API, policy("p", GET), policy("q", ALLOW, **EVERY))
    steered = evaluate(plan, packet(VIP, 80))
    assert (steered.action, steered.layer, steered.steered) == (Action.ALLOW, Layer.PROXY, True)
    around = evaluate(plan, packet("10.10.0.20", 8080))
    assert (around.action, around.rule) == (Action.DENY, "shop/p[0]")
    assert evaluate(plan, packet("10.10.0.20", 8081)).action is Action.ALLOW
    assert evaluate(plan, packet("10.10.0.20", 8080, UDP)).action is Action.ALLOW
    other = packet("10.10.0.20", 8080, source="10.10.0.21", by="shop/api-2")
    assert evaluate(plan, other).action is Action.ALLOW


def test_udp_on_the_number_of_a_captured_port_is_not_captured() -> None:
    quic = {"name": "quic", "port": 80, "protocol": "udp"}
    rules = (GET, {"match": {"udp": {}}, "action": "allow"})
    plan = plan_of(service("api", HTTP, quic, addresses=[VIP]), policy("p", *rules))
    verdict = evaluate(plan, packet(VIP, 80, UDP))
    assert not verdict.steered
    assert names(verdict) == [("shop/api-1", 80), ("shop/api-2", 80)]
    assert evaluate(plan, packet(VIP, 80)).steered


def asked(plan: Plan, request: Request) -> Verdict:
    return evaluate(plan, packet(VIP, 80), request)


def test_requests_are_decided_in_order_by_the_proxy() -> None:
    deny = {"match": {"http": {"path": {"prefix": "/admin"}}}, "action": "deny"}
    split = {"to": [{"subset": "v1", "weight": 9}, {"subset": "v2", "weight": 1}]}
    route = {"match": {"http": {"methods": ["GET"]}}, "route": split}
    subsets = {"v1": {"version": "v1"}, "v2": {"version": "v2"}}
    api = service("api", HTTP, addresses=[VIP], subsets=subsets)
    plan = plan_of(api, policy("p", deny, route))
    assert asked(plan, Request(path="/admin/x")).rule == "shop/p[0]"
    assert asked(plan, Request(path="/a/../admin")).action is Action.DENY
    allowed = asked(plan, Request(path="/administrator"))
    assert allowed.targets == (Target("shop/api-1", 8080, 9), Target("shop/api-2", 8080, 1))
    refused = asked(plan, Request("POST"))
    assert (refused.action, refused.rule, refused.layer) == (Action.DENY, None, Layer.PROXY)
    assert asked(plan, Request(path="/a%2fb")).action is Action.DENY


def test_the_default_holds_for_requests_too() -> None:
    plan = plan_of(API, policy("p", {**GET, "action": "deny"}), default="allow")
    assert asked(plan, Request("GET")).action is Action.DENY
    assert len(asked(plan, Request("POST")).targets) == 2


def test_a_family_without_endpoints_is_denied() -> None:
    six = workload("six", 60, "six", addresses=["fd10:10::60"])
    only = service("six", SQL, selector={"app": "six"}, addresses=[VIP])
    verdict = evaluate(plan_of(six, only, default="allow"), packet(VIP, 5432))
    assert "address family" in verdict.reason


def test_the_endpoints_of_a_service_with_affinity_are_each_for_clients_of_their_own() -> None:
    sticky = service("api", HTTP, SQL, addresses=[VIP], affinity="client-ip")
    plan = plan_of(sticky, policy("p", GET, {"match": {"tcp": {"ports": [5432]}}, **ALLOW}))
    found = evaluate(plan, packet(VIP, 5432))
    assert (found.affinity, len(found.targets)) == (Affinity.CLIENT_IP, 2)
    assert asked(plan, Request("GET")).affinity is Affinity.CLIENT_IP
    assert asked(plan, Request("POST")).affinity is None
    assert evaluate(plan, packet("10.10.0.20", 5432)).affinity is None
    assert evaluate(plan_of(API, policy("p", ALLOW)), packet(VIP, 5432)).affinity is None

from tests.unit.translators.compiler.small import host, plan_of, policy, service, workload
from translators.plan.model import Layer

GET = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}
DIRECT = {"to": [{"service": "api"}, {"labels": {"app": "api"}}]}


def test_a_placement_says_where_why_and_what_else_was_refused() -> None:
    far = workload("far", 60, "web", host="host2")
    plan = plan_of(host("host2", 2), far, service(), policy("p", GET))
    (placement,) = plan.placements
    assert placement.where == "proxy on host1, host2"
    assert "HTTP" in placement.reason
    assert [reason.partition(":")[0] for reason in placement.refused] == ["fabric", "vswitch"]
    assert "2 pairs" in placement.saving


def test_an_l4_rule_counts_the_pairs_that_need_no_proxy() -> None:
    rule = {"match": {"tcp": {"ports": [80]}}, "action": "allow"}
    (placement,) = plan_of(service(), policy("p", rule)).placements
    assert (placement.layer, placement.where) == (Layer.VSWITCH, "source bridge")
    assert placement.saving == "no proxy for 1 of 1 pair of source and service"


def test_direct_access_stays_with_the_vswitch_where_the_service_is_proxied() -> None:
    plan = plan_of(
        service(), policy("p", GET), policy("q", {"action": "deny"}, **DIRECT, priority=0)
    )
    by_rule = [(p.rule, p.layer) for p in plan.placements if p.rule == "shop/q[0]"]
    assert by_rule == [("shop/q[0]", Layer.VSWITCH)]


def test_a_rule_that_no_traffic_reaches_says_so() -> None:
    plan = plan_of(service(), policy("p", {"action": "deny"}, GET))
    placement = next(p for p in plan.placements if p.rule == "shop/p[1]")
    assert placement.where == "nowhere: no traffic reaches the rule"

from tests.unit.translators.compiler.small import Thing, compiled, policy, service, workload
from translators.compiler.walk import Walk, walks
from translators.plan.covering import rules_for_service

GET = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}


def found(*more: Thing) -> dict[str, Walk]:
    compilation = compiled(*more)
    (service_,) = compilation.plan.services
    return {w.source: w for w in walks(compilation.draft, service_, service_.ports[0])}


def test_the_walk_ends_at_the_first_rule_that_decides_without_a_request() -> None:
    things = service(), policy("p", GET, {"action": "deny"}, GET)
    walk, plan = found(*things)["shop/web"], compiled(*things).plan
    assert [rule.name for rule in walk.decided] == ["shop/p[0]", "shop/p[1]"]
    assert walk.reason == plan.rules[0]
    assert walk.partial == ()
    port = plan.services[0].ports[0]
    assert rules_for_service(plan, "shop/web", plan.services[0], port, 4) == walk.decided


def test_an_l4_decision_before_any_l7_rule_needs_no_proxy() -> None:
    first = {"match": {"tcp": {}}, "action": "allow"}
    assert found(service(), policy("p", first, GET))["shop/web"].reason is None


def test_one_family_is_enough_to_need_the_proxy() -> None:
    four = {"match": {"ip": {"family": "ipv4"}}, "action": "allow"}
    assert found(service(), policy("p", four, GET))["shop/web"].reason is not None
    only = workload("four", 50, "web", addresses=["10.10.0.50"])
    assert found(only, service(), policy("p", four, GET))["shop/four"].reason is None


def test_rules_for_some_endpoints_are_partial() -> None:
    part = policy("a", {"action": "deny"}, to=[{"workload": "api-1"}], priority=9)
    after = policy("z", {"action": "deny"}, to=[{"workload": "api-1"}])
    walk = found(service(), part, policy("p", GET))["shop/web"]
    assert [rule.name for rule in walk.partial] == ["shop/a[0]"]
    late = policy("p", GET, {"action": "deny"}, priority=5)
    assert found(service(), late, after)["shop/web"].partial == ()

"""Which rules decide on a service port."""

from tests.unit.translators.compiler.small import HTTP, SQL, plan_of, policy, service
from translators.plan.covering import covers_endpoint, rules_for_service
from translators.plan.model import TCP

GET = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}
ALLOW = {"action": "allow"}
API = service("api", HTTP, SQL, addresses=["10.10.0.200", "fd10:10::ff00"])


def test_the_rules_of_a_service_port_end_with_the_first_that_needs_no_request() -> None:
    plan = plan_of(API, policy("p", GET, ALLOW, GET))
    api = plan.services[0]
    http, sql = api.ports
    found = rules_for_service(plan, "shop/web", api, http, 4)
    assert [rule.name for rule in found] == ["shop/p[0]", "shop/p[1]"]
    assert [r.name for r in rules_for_service(plan, "shop/web", api, sql, 4)] == ["shop/p[1]"]
    assert rules_for_service(plan, "shop/api-1", api, http, 4) == ()


def test_a_rule_covers_an_endpoint_at_its_own_port() -> None:
    ports = {"match": {"tcp": {"ports": [5432]}}, "action": "allow"}
    (rule,) = plan_of(API, policy("p", ports, to=[{"workload": "api-1"}])).rules
    assert covers_endpoint(rule, "shop/api-1", 4, TCP, 5432)
    assert not covers_endpoint(rule, "shop/api-1", 4, TCP, 80)
    assert not covers_endpoint(rule, "shop/api-2", 4, TCP, 5432)

from ipaddress import ip_address

from tests.properties.worlds import Thing
from tests.unit.translators.compiler.small import HTTP, plan_of, policy, service
from translators.plan.model import TCP, UDP, Plan

GET = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}


def test_a_plan_finds_its_things_by_name_and_address() -> None:
    plan = plan_of(service(addresses=["10.10.0.200"]), policy("p", GET))
    web = plan.endpoint["shop/web"]
    assert plan.by_identity[web.identity] is web
    assert plan.by_number[plan.rule["shop/p[0]"].number] is plan.rule["shop/p[0]"]
    assert plan.by_address[ip_address("fd10:10::11")] is web
    assert plan.by_vip[ip_address("10.10.0.200")] is plan.service["shop/api"]
    assert plan.segment[web.segment].tenant == plan.tenant["shop"].name
    assert plan.host[web.host].name == "host1"


def test_capture_is_by_source_service_and_port() -> None:
    plan = plan_of(service(), policy("p", GET))
    assert plan.is_captured("shop/web", "shop/api", 80)
    assert not plan.is_captured("shop/api-1", "shop/api", 80)
    assert not plan.is_captured("shop/web", "shop/api", 8080)


def test_a_service_port_is_found_by_number_and_transport() -> None:
    udp = {"name": "quic", "port": 80, "protocol": "udp"}
    (found,) = plan_of(service("api", HTTP, udp)).services
    assert [getattr(found.port(80, t), "name", None) for t in (TCP, UDP, 1)] == [
        "http",
        "quic",
        None,
    ]
    assert found.port(81, TCP) is None


def test_plans_compare_by_what_they_say() -> None:
    assert plan_of(service()) == plan_of(service())
    assert plan_of(service()) != plan_of()
    assert Plan() == Plan()


def test_rules_that_audit_shape_or_mirror_are_extras() -> None:
    plain: Thing = {"match": {"tcp": {"ports": [80]}}, "action": "allow"}
    more: list[Thing] = [
        {**plain, "action": "audit"},
        {**plain, "shape": {"dscp": 10}},
        {**plain, "mirror": {"workload": "api-1"}},
    ]
    plan = plan_of(service(), policy("p", plain, *more))
    assert [rule.name for rule in plan.extras] == ["shop/p[1]", "shop/p[2]", "shop/p[3]"]

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.plans import leaving, shop_plan
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import TCP, Action
from translators.plan.outside import departure, is_outside

PLAN = leaving(shop_plan())


def packet(destination: str, port: int = 443) -> Packet:
    own = ip_address("10.10.0.11" if "." in destination else "fd10:10::11")
    return Packet("shop/web", own, ip_address(destination), TCP, 40000, port)


@pytest.mark.parametrize("address", ["10.10.0.99", "10.30.0.1", "127.0.0.1", "fe80::1", "ff02::1"])
def test_what_a_segment_has_or_nobody_routes_is_not_outside(address: str) -> None:
    assert not is_outside(PLAN, ip_address(address))
    assert "no workload or service" in departure(PLAN, packet(address))[2]


def test_a_rule_decides_never_the_default() -> None:
    assert evaluate(PLAN, packet("203.0.113.7")).rule == "shop/out[0]"
    assert evaluate(PLAN, packet("2001:db8:3::1")).action is Action.ALLOW
    tenants = tuple(replace(tenant, default=Action.ALLOW) for tenant in PLAN.tenants)
    generous = replace(PLAN, tenants=tenants)
    verdict = evaluate(generous, packet("203.0.113.7", 80))
    assert (verdict.action, verdict.reason) == (Action.DENY, "no rule lets it leave")


def test_the_host_must_have_an_address_of_the_family() -> None:
    external = PLAN.hosts[0].external
    assert external is not None
    four = replace(external, addresses=external.addresses[:1])
    plan = replace(PLAN, hosts=tuple(replace(host, external=four) for host in PLAN.hosts))
    assert evaluate(plan, packet("203.0.113.7")).action is Action.ALLOW
    assert "IPv6" in evaluate(plan, packet("2001:db8:3::1")).reason
    assert "no external IPv4" in departure(shop_plan(), packet("203.0.113.7"))[2]

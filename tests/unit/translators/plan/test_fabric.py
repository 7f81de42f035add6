from ipaddress import IPv4Address

from tests.unit.translators.compiler.small import plan_of, thing
from translators.plan.fabric import SwitchPort
from translators.plan.model import Role


def test_switches_and_links_have_one_spelling() -> None:
    spine = thing("Switch", "spine1", {"role": "spine", "asn": 65000, "loopback": "10.254.0.1"})
    leaf = {"role": "leaf", "asn": 65001, "loopback": "10.254.0.2"}
    ports = [{"name": "p2", "segment": "shop/front"}, {"name": "p1", "segment": "shop/front"}]
    ends = [{"switch": "spine1", "port": "leaf1"}, {"switch": "leaf1", "port": "spine1"}]
    link = thing("Link", "up", {"ends": ends})
    plan = plan_of(spine, thing("Switch", "leaf1", {**leaf, "ports": ports}), link)
    first, second = plan.switches
    assert (first.role, second.role) == (Role.LEAF, Role.SPINE)
    assert first.loopback == IPv4Address("10.254.0.2")
    assert first.ports == (SwitchPort("p1", "shop/front"), SwitchPort("p2", "shop/front"))
    assert (plan.links[0].a, plan.links[0].b) == (("leaf1", "spine1"), ("spine1", "leaf1"))

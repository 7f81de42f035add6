from ipaddress import IPv4Address, IPv4Interface

from tests.unit.translators.compiler.small import HTTP, SQL, host, plan_of, service, thing, workload
from translators.plan.model import AppProtocol, ProxyMode, Role

LEAF = thing(
    "Switch",
    "leaf1",
    {
        "role": "leaf",
        "asn": 65001,
        "loopback": "10.254.0.11",
        "ports": [{"name": "b2", "segment": "shop/front"}, {"name": "b1", "segment": "shop/front"}],
    },
)
SPINE = thing("Switch", "spine1", {"role": "spine", "asn": 65000, "loopback": "10.254.0.1"})
LINK = thing(
    "Link", "up", {"ends": [{"switch": "spine1", "port": "x"}, {"switch": "leaf1", "port": "y"}]}
)


def test_a_host_has_its_way_into_the_fabric() -> None:
    tunnel = {"address": "10.255.1.2/30", "gateway": "10.255.1.1"}
    second = host("host2", 171, tunnel=tunnel, uplink={"switch": "leaf1", "port": "h2"})
    found = plan_of(LEAF, second).host["host2"]
    assert found.datapath_id == 0xAB
    assert found.tunnel == IPv4Interface("10.255.1.2/30")
    assert found.gateway == IPv4Address("10.255.1.1")
    assert (found.switch, found.switch_port) == ("leaf1", "h2")


def test_endpoints_are_sorted_and_know_their_place() -> None:
    plan = plan_of(workload("alone", 44, "x", proxy="none", mac="02:AA:00:00:00:44"))
    assert [e.name for e in plan.endpoints] == sorted(e.name for e in plan.endpoints)
    found = plan.endpoint["shop/alone"]
    assert (found.proxy, found.mac, found.segment) == (
        ProxyMode.NONE,
        "02:aa:00:00:00:44",
        "shop/front",
    )
    assert [a.version for a in found.addresses] == [4, 6]


def test_a_port_leads_to_itself_unless_said() -> None:
    ports = plan_of(service("api", SQL, HTTP)).services[0].ports
    assert [(p.name, p.port, p.target, p.protocol) for p in ports] == [
        ("http", 80, 8080, AppProtocol.HTTP),
        ("sql", 5432, 5432, AppProtocol.TCP),
    ]


def test_the_fabric_is_sorted_by_its_own_names() -> None:
    plan = plan_of(LEAF, SPINE, LINK)
    assert [(s.name, s.role) for s in plan.switches] == [
        ("leaf1", Role.LEAF),
        ("spine1", Role.SPINE),
    ]
    assert [p.name for p in plan.switches[0].ports] == ["b1", "b2"]
    assert (plan.links[0].a, plan.links[0].b) == (("leaf1", "y"), ("spine1", "x"))

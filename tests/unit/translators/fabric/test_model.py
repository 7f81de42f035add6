"""Switch models out of the plan, and what no switch can be."""

from dataclasses import replace
from ipaddress import IPv4Interface

import pytest

from tests.plans import shop_plan
from translators.fabric.model import FabricError, HostPort, Uplink, Vni, switch_model
from translators.plan.model import Link, Plan, Role, Switch, SwitchPort

SHOP = shop_plan()


def _changed(name: str, **fields: object) -> Plan:
    switches = tuple(
        replace(s, **fields) if s.name == name else s  # type: ignore[arg-type]
        for s in SHOP.switches
    )
    return replace(SHOP, switches=switches)


def test_a_leaf_has_uplinks_hosts_and_the_vnis_of_its_ports() -> None:
    model = switch_model(SHOP, "leaf1")
    assert model.role is Role.LEAF
    assert model.uplinks == (
        Uplink("spine1", "spine1", "spine1-leaf1"),
        Uplink("spine2", "spine2", "spine2-leaf1"),
    )
    assert model.hosts == (HostPort("host1", IPv4Interface("10.255.1.1/30"), "host1"),)
    assert model.vnis == (Vni(10010, "shop/front", 1400, ("bare1",)),)


def test_a_spine_has_neither_hosts_nor_vnis() -> None:
    model = switch_model(SHOP, "spine1")
    assert [u.peer for u in model.uplinks] == ["leaf1", "leaf2"]
    assert (model.hosts, model.vnis) == ((), ())


def test_a_segment_without_a_bare_port_here_is_not_here() -> None:
    assert switch_model(_changed("leaf1", ports=()), "leaf1").vnis == ()


def test_a_host_without_a_tunnel_is_not_routed_to() -> None:
    hosts = tuple(replace(h, tunnel=None) for h in SHOP.hosts)
    assert switch_model(replace(SHOP, hosts=hosts), "leaf1").hosts == ()


def test_device_names_fit_the_kernel_for_every_vni() -> None:
    vni = Vni(2**24 - 1, "shop/front", 1400, ())
    assert len(vni.bridge) <= 15
    assert len(vni.device) <= 15


def test_an_unknown_switch_is_named_with_the_known_ones() -> None:
    with pytest.raises(FabricError, match=r"no switch 'leaf9'; it has: leaf1, leaf2"):
        switch_model(SHOP, "leaf9")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"asn": 0}, "ASN 0 is not in"),
        ({"asn": 2**32}, "ASN 4294967296 is not in"),
        ({"ports": (SwitchPort("sixteen-letters-", "shop/front"),)}, "no interface name"),
        ({"ports": (SwitchPort("a b", "shop/front"),)}, "no interface name"),
        ({"ports": (SwitchPort("x\n!", "shop/front"),)}, "no interface name"),
        ({"ports": (SwitchPort("bare1", "shop/gone"),)}, "shop/gone, which does not exist"),
        ({"ports": (SwitchPort("spine1", "shop/front"),)}, "interface spine1 is used by"),
        ({"ports": (SwitchPort("br10010", "shop/front"),)}, "interface br10010 is used by"),
        ({"ports": (SwitchPort("lo", "shop/front"),)}, "interface lo is used by"),
        (
            {"ports": (SwitchPort("p", "shop/back"), SwitchPort("p", "shop/front"))},
            "interface p is used by shop/front and shop/back",
        ),
    ],
)
def test_the_impossible_is_refused_with_its_place(fields: dict[str, object], said: str) -> None:
    with pytest.raises(FabricError, match=said) as caught:
        switch_model(_changed("leaf1", **fields), "leaf1")
    assert "shop.yaml:1" in str(caught.value)


def test_two_segments_of_one_vni_are_refused() -> None:
    segments = tuple(replace(s, vni=7) for s in SHOP.segments)
    ports = (SwitchPort("p", "shop/back"), SwitchPort("q", "shop/front"))
    plan = replace(_changed("leaf1", ports=ports), segments=segments)
    with pytest.raises(FabricError, match="shop/back and shop/front both have VNI 7"):
        switch_model(plan, "leaf1")


def test_a_name_that_is_no_host_name_is_refused() -> None:
    switch = Switch("leaf_1", Role.LEAF, 65001, SHOP.switches[0].loopback, (), SHOP.links[0].origin)
    with pytest.raises(FabricError, match="host name"):
        switch_model(Plan(switches=(switch,)), "leaf_1")


def test_text_from_the_policy_cannot_break_out_of_its_line() -> None:
    link = Link("evil\nexit", ("leaf1", "x"), ("spine1", "x"), SHOP.links[0].origin)
    with pytest.raises(FabricError, match="cannot be written to a device"):
        switch_model(replace(SHOP, links=(link,)), "leaf1")

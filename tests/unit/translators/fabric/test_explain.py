"""The fabric's rows for packets of the shop."""

from dataclasses import replace
from ipaddress import ip_address

from tests.plans import shop_plan
from translators.fabric import explain
from translators.plan.evaluate import Packet
from translators.plan.model import TCP, Plan

SHOP = shop_plan()


def _steps(destination: str, plan: Plan = SHOP) -> tuple[tuple[str, str], ...]:
    packet = Packet("shop/web", ip_address("10.10.0.11"), ip_address(destination), TCP, 40000, 80)
    return tuple((step.device, step.native) for step in explain(plan, packet))


def test_between_leaves_the_route_goes_over_both_spines() -> None:
    hops = "nexthop via inet6 fe80::/64 dev spine1 nexthop via inet6 fe80::/64 dev spine2"
    assert _steps("10.10.0.201") == (("leaf1 -> leaf2", f"10.255.2.0/30 proto bgp {hops}"),)


def test_a_lost_spine_is_not_on_the_way() -> None:
    links = tuple(link for link in SHOP.links if link.name != "spine1-leaf2")
    ((_, native),) = _steps("10.10.0.201", replace(SHOP, links=links))
    assert native == "10.255.2.0/30 proto bgp nexthop via inet6 fe80::/64 dev spine2"


def test_what_is_steered_may_go_to_any_endpoint_of_the_service() -> None:
    assert [device for device, _ in _steps("10.10.0.200")] == ["leaf1 -> leaf2"]


def test_what_is_denied_or_stays_on_its_host_never_gets_here() -> None:
    assert _steps("10.30.0.11") == ()
    assert _steps("10.10.0.22") == ()


def test_hosts_at_one_leaf_have_a_connected_route() -> None:
    hosts = tuple(replace(h, switch="leaf1") for h in SHOP.hosts)
    steps = _steps("10.10.0.201", replace(SHOP, hosts=hosts))
    assert steps == (("leaf1", "10.255.2.0/30 dev host2 proto kernel"),)


def test_hosts_outside_our_fabric_have_no_row() -> None:
    hosts = tuple(replace(h, switch=None) for h in SHOP.hosts)
    assert _steps("10.10.0.201", replace(SHOP, hosts=hosts)) == ()


def test_a_fabric_in_two_pieces_has_no_row() -> None:
    assert _steps("10.10.0.201", replace(SHOP, links=())) == ()

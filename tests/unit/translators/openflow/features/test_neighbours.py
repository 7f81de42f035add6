"""Who is answered for, with which MAC, and who is not."""

from ipaddress import ip_address

from tests.plans import leasing, shop_plan
from translators.openflow.features import neighbours
from translators.openflow.fields import (
    ARP_TPA,
    ETH_IPV6,
    ETH_SRC,
    ETH_TYPE,
    ICMPV6_TYPE,
    IP_PROTO,
    IPV6_SRC,
    ND_ADVERTISEMENT,
    ND_RESERVED,
    ND_TARGET,
    ND_TLL,
    SOURCE,
    VIRTUAL_MAC,
)
from translators.openflow.flow import Flow, Program, Reflect, SetField, program
from translators.openflow.frames import synthetic_ports
from translators.openflow.simulate import find
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.dhcp import link_local
from translators.plan.model import ICMPV6

PLAN = shop_plan()
_SITE = Site(PLAN, PLAN.host["host1"], synthetic_ports(PLAN, "host1"))
FLOWS = program(neighbours.flows(_SITE)).flows


def _about(text: str, priority: int) -> list[Flow]:
    address = ip_address(text)
    field = ARP_TPA if address.version == 4 else ND_TARGET
    return [f for f in FLOWS if f.priority == priority and (field, int(address), None) in f.match]


def test_workloads_are_answered_for_by_their_own_mac() -> None:
    for text in ("10.10.0.31", "fd10:10::31"):
        (flow,) = _about(text, 100)
        assert SetField(ETH_SRC, 0x020000000004) in flow.actions
        assert flow.actions[-1] == Reflect()


def test_gateways_and_services_have_the_virtual_mac() -> None:
    for text in ("10.10.0.1", "10.10.0.200", "fd10:10::1", "fd10:10::ff10"):
        (flow,) = _about(text, 100)
        assert SetField(ETH_SRC, VIRTUAL_MAC) in flow.actions


def test_only_a_gateway_says_that_it_is_a_router() -> None:
    (gateway,), (service,) = _about("fd10:10::1", 100), _about("fd10:10::ff10", 100)
    assert SetField(ND_RESERVED, 0xE0000000) in gateway.actions
    assert SetField(ND_RESERVED, 0x60000000) in service.actions


def test_a_workload_that_asks_for_itself_hears_nothing() -> None:
    for text in ("10.10.0.11", "fd10:10::11"):
        (flow,) = _about(text, 120)
        assert flow.drops
    assert _about("10.10.0.31", 120) == []


def test_nobody_is_told_of_segments_that_are_not_here() -> None:
    assert _about("10.20.0.11", 100) == []
    assert _about("fd10:20::1", 100) == []


def _told(made: Program, identity: int, source: str, target: str) -> int | None:
    """Return the MAC that whoever has an identity is told of a target; None: nothing."""
    frame = {ETH_TYPE: ETH_IPV6, IP_PROTO: ICMPV6, ICMPV6_TYPE: ND_ADVERTISEMENT, SOURCE: identity}
    frame |= {IPV6_SRC: int(ip_address(source)), ND_TARGET: int(ip_address(target))}
    flow = find(made, Table.ADVERTISE, frame)
    assert flow is not None
    found = (act for act in flow.actions if isinstance(act, SetField) and act.field is ND_TLL)
    return next((act.value for act in found), None)


def test_a_dhcp_server_alone_hears_of_link_local_addresses() -> None:
    plan = leasing(PLAN)
    site = Site(plan, plan.host["host2"], synthetic_ports(plan, "host2"))
    made, stock = program(neighbours.flows(site)), plan.endpoint["shop/stock"].identity
    web = str(link_local(plan.endpoint["shop/web"].mac))
    assert _told(made, stock, "fe80::31", web) == 0x020000000001
    assert _told(made, stock, "fe80::31", "fe80::abcd") == VIRTUAL_MAC
    assert _told(made, stock, "fd10:10::31", web) is None
    assert _told(made, plan.endpoint["shop/reviews-1"].identity, "fe80::21", web) is None
    without = Site(PLAN, PLAN.host["host2"], synthetic_ports(PLAN, "host2"))
    assert _told(program(neighbours.flows(without)), stock, "fe80::31", web) is None

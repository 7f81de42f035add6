"""Who is answered for, with which MAC, and who is not."""

from ipaddress import ip_address

from tests.plans import shop_plan
from translators.openflow.features import neighbours
from translators.openflow.fields import ARP_TPA, ETH_SRC, ND_RESERVED, ND_TARGET, VIRTUAL_MAC
from translators.openflow.flow import Flow, Reflect, SetField, program
from translators.openflow.frames import synthetic_ports
from translators.openflow.site import Site

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

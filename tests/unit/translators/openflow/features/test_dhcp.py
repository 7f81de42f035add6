"""DHCP passes between a segment and its server, and nothing else with it."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.plans import leasing, shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.features import dhcp
from translators.openflow.fields import ETH_DST, ETH_SRC, TUN_DST, TUN_ID
from translators.openflow.flow import Output, SetField
from translators.openflow.frames import from_tunnel, from_workload, synthetic_ports
from translators.openflow.simulate import Trace, simulate
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.openflow.translate import translate
from translators.plan.dhcp import link_local
from translators.plan.evaluate import Packet
from translators.plan.model import UDP

PLAN = leasing(shop_plan())  # stock, the server, is on host2
MADE = {h: translate(PLAN, h, synthetic_ports(PLAN, h)) for h in PLAN.host}


def _packet(by: str, source: str, destination: str, port: int) -> Packet:
    other = 135 - port if port < 500 else 1093 - port
    return Packet(by, ip_address(source), ip_address(destination), UDP, other, port)


def _sent(packet: Packet) -> Trace:
    host = PLAN.endpoint[packet.endpoint].host
    return simulate(MADE[host], from_workload(PLAN, packet, synthetic_ports(PLAN, host)))


ASKS = [("0.0.0.0", "255.255.255.255"), ("10.10.0.11", "255.255.255.255")]
ASKS += [("10.10.0.11", "10.10.0.31")]


@pytest.mark.parametrize(("source", "destination"), ASKS)
def test_a_question_goes_to_the_server_alone(source: str, destination: str) -> None:
    trace = _sent(_packet("shop/web", source, destination, 67))
    assert trace.output == synthetic_ports(PLAN, "host1")["fsdn-tun"]
    assert (trace.frame[TUN_ID], trace.frame[TUN_DST]) == (10010, 0x0AFF0202)
    assert trace.frame[ETH_DST] == 0x020000000004
    ports = synthetic_ports(PLAN, "host2")
    there = from_tunnel(trace.frame, PLAN.host["host1"], PLAN.host["host2"], ports)
    arrived = simulate(MADE["host2"], there)
    assert arrived.output == ports["stock"]
    forged = {**there, ETH_SRC: 0x020000000003}  # the server's bridge knows who lives where
    assert forged != there
    elsewhere = replace(PLAN.host["host1"], tunnel=PLAN.host["host2"].tunnel)
    stranger = from_tunnel(trace.frame, elsewhere, PLAN.host["host2"], ports)
    assert simulate(MADE["host2"], stranger).output is None


SIX_ASKS = [("fe80::1", "ff02::1:2"), ("fd10:10::11", "ff02::1:2"), ("fd10:10::11", "fd10:10::31")]


@pytest.mark.parametrize(("source", "destination"), SIX_ASKS)
def test_a_question_of_dhcpv6_goes_to_the_server_alone(source: str, destination: str) -> None:
    trace = _sent(_packet("shop/web", source, destination, 547))
    assert trace.output == synthetic_ports(PLAN, "host1")["fsdn-tun"]
    assert trace.frame[ETH_DST] == 0x020000000004
    ports = synthetic_ports(PLAN, "host2")
    there = from_tunnel(trace.frame, PLAN.host["host1"], PLAN.host["host2"], ports)
    assert simulate(MADE["host2"], there).output == ports["stock"]


def test_an_answer_of_dhcpv6_goes_to_the_mac_that_its_address_is_made_of() -> None:
    web, near = (
        str(link_local(PLAN.endpoint[f"shop/{name}"].mac)) for name in ("web", "reviews-1")
    )
    trace = _sent(_packet("shop/stock", "fe80::31", web, 546))
    assert trace.output == synthetic_ports(PLAN, "host2")["fsdn-tun"]
    assert trace.frame[ETH_DST] == 0x020000000001
    assert _sent(_packet("shop/stock", "fd10:10::31", near, 546)).frame[ETH_DST] == 0x020000000002
    assert _sent(_packet("shop/stock", "fe80::31", "fd10:10::21", 546)).output is not None


def test_an_answer_to_an_unknown_link_local_address_goes_to_all_as_their_own_frame() -> None:
    ports = synthetic_ports(PLAN, "host2")
    trace = _sent(_packet("shop/stock", "fe80::31", "fe80::abcd", 546))
    flow = trace.at(Table.DHCP)
    assert flow is not None
    assert flow.actions[:2] == (SetField(ETH_DST, 0x020000000002), Output(ports["reviews-1"]))
    assert flow.actions[-1] == Output(ports["fsdn-tun"])
    here = synthetic_ports(PLAN, "host1")
    there = from_tunnel(trace.frame, PLAN.host["host2"], PLAN.host["host1"], here)
    arrived = simulate(MADE["host1"], there).at(Table.DHCP)
    assert arrived is not None
    reached = [act.port for act in arrived.actions if isinstance(act, Output)]
    macs = [act.value for act in arrived.actions if isinstance(act, SetField)]
    assert dict(zip(reached, macs, strict=True)) == {
        here["web"]: 0x020000000001,
        here["reviews-2"]: 0x020000000003,
    }


def test_an_answer_goes_to_whom_it_is_for() -> None:
    trace = _sent(_packet("shop/stock", "10.10.0.31", "10.10.0.11", 68))
    assert trace.output == synthetic_ports(PLAN, "host2")["fsdn-tun"]
    assert trace.frame[ETH_DST] == 0x020000000001
    near = _sent(_packet("shop/stock", "10.10.0.31", "10.10.0.21", 68))
    assert near.output == synthetic_ports(PLAN, "host2")["reviews-1"]


def test_an_answer_to_everybody_goes_to_the_segment_and_once_to_each_host() -> None:
    ports = synthetic_ports(PLAN, "host2")
    trace = _sent(_packet("shop/stock", "10.10.0.31", "255.255.255.255", 68))
    flow = trace.at(Table.DHCP)
    assert flow is not None
    out = [act.port for act in flow.actions if isinstance(act, Output)]
    assert out == [ports["reviews-1"], ports["fsdn-tun"]]  # web and reviews-2 share a host
    here = synthetic_ports(PLAN, "host1")
    there = from_tunnel(trace.frame, PLAN.host["host2"], PLAN.host["host1"], here)
    arrived = simulate(MADE["host1"], there).at(Table.DHCP)
    assert arrived is not None
    reached = [act.port for act in arrived.actions if isinstance(act, Output)]
    assert sorted(reached) == sorted((here["web"], here["reviews-2"]))


@pytest.mark.parametrize(
    ("by", "source", "destination", "port"),
    [
        ("shop/web", "0.0.0.0", "255.255.255.255", 68),  # not a server
        ("shop/web", "10.10.0.11", "10.10.0.22", 68),
        ("shop/web", "0.0.0.0", "10.10.0.31", 67),
        ("shop/web", "10.10.0.22", "255.255.255.255", 67),  # as somebody else
        ("shop/web", "0.0.0.0", "255.255.255.255", 53),
        ("shop/stock", "10.10.0.31", "10.10.0.99", 68),  # an address that nobody has
        ("shop/stock", "10.10.0.11", "255.255.255.255", 68),
        ("shop/audit", "0.0.0.0", "255.255.255.255", 67),  # a segment without a server
        ("rival/spy", "0.0.0.0", "255.255.255.255", 67),
        ("shop/web", "fe80::1", "fe80::2", 546),  # not a server
        ("shop/web", "fe80::1", "ff02::1", 547),
        ("shop/web", "fd10:10::22", "ff02::1:2", 547),  # as somebody else
        ("shop/stock", "fe80::31", "ff02::1", 546),
        ("shop/stock", "fd10:10::11", "fe80::1", 546),
        ("shop/audit", "fe80::1", "ff02::1:2", 547),  # a segment without a server
    ],
)
def test_nothing_else_passes(by: str, source: str, destination: str, port: int) -> None:
    trace = _sent(_packet(by, source, destination, port))
    assert trace.output is None
    assert cause_of(trace.decided.cookie) is not Cause.DHCP


def test_without_a_server_there_is_no_flow() -> None:
    plan = shop_plan()
    site = Site(plan, plan.host["host1"], synthetic_ports(plan, "host1"))
    assert [*dhcp.flows(site), *dhcp.admitted(site)] == []

"""Pings of gateways are answered where they are asked; nothing else is."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.plans import routed, shop_plan
from translators.openflow.cookie import Cause, cause_of, subject_of
from translators.openflow.fields import (
    ETH_DST,
    ETH_SRC,
    ICMP_TYPE,
    ICMPV6_TYPE,
    IP_PROTO,
    IP_TTL,
    VIRTUAL_MAC,
    destination_field,
    mac_value,
    source_field,
)
from translators.openflow.frames import from_workload, synthetic_ports
from translators.openflow.simulate import REFLECTED, Frame, Trace, simulate
from translators.openflow.tables import Table
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.model import ICMP, ICMPV6, Plan

APART, JOINED = shop_plan(), routed(shop_plan())
OWN = {4: ("10.10.0.11", ICMP, ICMP_TYPE, 0), 6: ("fd10:10::11", ICMPV6, ICMPV6_TYPE, 129)}


def _ping(plan: Plan, gateway: str, changed: Frame | None = None) -> Trace:
    address = ip_address(gateway)
    source, protocol, _, _ = OWN[address.version]
    ports = synthetic_ports(plan, "host1")
    packet = Packet("shop/web", ip_address(source), address, protocol)
    frame = {**from_workload(plan, packet, ports), **(changed or {})}
    return simulate(translate(plan, "host1", ports), frame)


@pytest.mark.parametrize("gateway", ["10.10.0.1", "fd10:10::1"])
def test_the_answer_goes_back_as_from_the_gateway(gateway: str) -> None:
    trace, address = _ping(APART, gateway), ip_address(gateway)
    own, _, kind, reply = OWN[address.version]
    left = trace.frame
    assert trace.output == REFLECTED
    assert (left[ETH_SRC], left[ETH_DST]) == (VIRTUAL_MAC, mac_value("02:00:00:00:00:01"))
    assert (left[source_field(address)], left[kind]) == (int(address), reply)
    assert (left[destination_field(address)], left[IP_TTL]) == (int(ip_address(own)), 64)
    assert trace.at(Table.STATE) is None  # nothing is tracked, and policy is not asked
    cookie = trace.decided.cookie
    assert cause_of(cookie) is Cause.GATEWAY
    assert subject_of(APART, cookie) == APART.segment["shop/front"]


def test_gateways_answer_within_their_router_only() -> None:
    assert _ping(JOINED, "10.20.0.1").output == REFLECTED
    for plan, gateway in ((APART, "10.20.0.1"), (JOINED, "10.30.0.1")):
        trace = _ping(plan, gateway)
        assert trace.output is None
        assert cause_of(trace.decided.cookie) is Cause.ISOLATION


def test_a_gateway_answers_no_forger_and_nothing_but_pings() -> None:
    forged = _ping(APART, "10.10.0.1", {ETH_SRC: 0x02000000FFFF})
    assert (forged.output, forged.decided.table) == (None, Table.SPOOF)
    for other in ({ICMP_TYPE: 13}, {ICMP_TYPE: 0}, {IP_PROTO: 6}):
        trace = _ping(APART, "10.10.0.1", other)
        assert (trace.output, trace.at(Table.GATEWAY)) == (None, None)


def test_a_workload_that_has_the_gateways_address_is_the_gateway() -> None:
    gateway = ip_address("10.10.0.1")
    own = replace(APART.endpoint["shop/stock"], addresses=(gateway,))
    ends = tuple(own if e.name == own.name else e for e in APART.endpoints)
    trace = _ping(replace(APART, endpoints=ends), "10.10.0.1")
    assert cause_of(trace.decided.cookie) is not Cause.GATEWAY
    assert trace.at(Table.STATE) is not None


def test_pings_of_others_are_tracked_as_ever() -> None:
    trace = _ping(APART, "10.10.0.31")
    assert [trace.at(table) is not None for table in (Table.GATEWAY, Table.STATE)] == [True, True]

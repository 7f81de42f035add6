"""What becomes of a TCP packet in the middle of a connection that tracking does not know."""

from ipaddress import ip_address

import pytest

from tests.plans import leaving, shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.fields import (
    LABEL_RULE,
    MARK_DIRECT,
    TCP_ACK,
    TCP_FLAGS,
    TCP_RST,
    TCP_SYN,
)
from translators.openflow.flow import Punt
from translators.openflow.frames import from_proxy, from_tunnel, from_workload, synthetic_ports
from translators.openflow.simulate import Trace, simulate
from translators.openflow.tables import Table
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.model import TCP, Plan

WEB, STOCK, VIP = (ip_address(a) for a in ("10.10.0.11", "10.10.0.31", "10.10.0.201"))
TO_STOCK = Packet("shop/web", WEB, VIP, TCP, 40000, 80)
TO_REVIEWS = Packet("shop/web", WEB, ip_address("10.10.0.200"), TCP, 40000, 80)
AROUND = Packet("shop/web", WEB, STOCK, TCP, 40000, 22)


def _sent(packet: Packet, flags: int = TCP_ACK, plan: Plan | None = None) -> Trace:
    plan = plan or shop_plan()
    ports = synthetic_ports(plan, "host1")
    frame = from_workload(plan, packet, ports) | {TCP_FLAGS: flags}
    return simulate(translate(plan, "host1", ports), frame)


@pytest.mark.parametrize("packet", [TO_STOCK, TO_REVIEWS])
def test_a_workloads_goes_to_the_controller_where_policy_admits_it(packet: Packet) -> None:
    trace = _sent(packet)
    assert trace.punted
    assert (trace.output, trace.committed) == (None, None)
    assert cause_of(trace.decided.cookie) is Cause.LOST
    assert trace.decided.actions == (Punt(),)


def test_what_policy_denies_gets_no_answer() -> None:
    trace = _sent(AROUND)
    assert (trace.punted, trace.output) == (False, None)
    assert trace.decided.table == Table.POLICY


@pytest.mark.parametrize("flags", [TCP_RST, TCP_RST | TCP_ACK, 0, TCP_SYN | TCP_ACK])
def test_only_what_acknowledges_is_answered(flags: int) -> None:
    trace = _sent(TO_STOCK, flags)
    assert (trace.punted, trace.output) == (False, None)
    assert cause_of(trace.decided.cookie) is Cause.NO_CONNECTION


def test_one_to_networks_outside_has_lost_its_translation() -> None:
    plan = leaving(shop_plan())
    packet = Packet("shop/web", WEB, ip_address("203.0.113.9"), TCP, 40000, 443)
    first = _sent(packet, TCP_SYN, plan)
    assert _sent(packet, plan=plan).punted == (first.output is not None) is True


def test_a_proxys_is_answered_for_what_its_clients_are_captured_for() -> None:
    plan = shop_plan()
    ports = synthetic_ports(plan, "host1")
    program = translate(plan, "host1", ports)
    for port, punted in ((8080, True), (22, False)):
        packet = Packet("shop/web", WEB, ip_address("10.10.0.21"), TCP, 40000, port)
        frame = from_proxy(plan, packet, ports) | {TCP_FLAGS: TCP_ACK}
        assert simulate(program, frame).punted is punted


@pytest.mark.parametrize("flags", [TCP_ACK, TCP_ACK | 1, TCP_RST])
def test_another_hosts_is_taken_over_as_a_first_packet_would_be(flags: int) -> None:
    plan = shop_plan()
    sender, receiver = plan.host["host1"], plan.host["host2"]
    left = _sent(TO_STOCK, TCP_SYN)
    ports = synthetic_ports(plan, "host2")
    arrived = from_tunnel(left.frame, sender, receiver, ports)
    program = translate(plan, "host2", ports)
    first, later = (simulate(program, dict(arrived) | {TCP_FLAGS: f}) for f in (TCP_SYN, flags))
    assert later.output == first.output == ports[plan.endpoint["shop/stock"].port]
    assert later.committed == first.committed
    assert later.committed is not None
    assert later.committed.mark == MARK_DIRECT
    assert later.committed.label >> LABEL_RULE & 0xFFFFFFFF == plan.rule["shop/stock[0]"].number


def test_saved_flows_can_be_loaded_without_a_meter() -> None:
    plan = shop_plan()
    assert translate(plan, "host1", synthetic_ports(plan, "host1")).meters == ()

"""What is copied, to whom, and what becomes of the original."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.plans import leaving, rule, shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.explain import explain
from translators.openflow.features.mirrors import flows
from translators.openflow.fields import (
    CT_ESTABLISHED,
    CT_REPLY,
    CT_TRACKED,
    ETH_DST,
    IN_PORT,
    MARK_DIRECT,
    MARK_OUTSIDE,
    MIRROR_VNI,
    TCP_FLAGS,
    TCP_RST,
    TUN_DST,
    TUN_ID,
    TUN_SRC,
)
from translators.openflow.flow import program
from translators.openflow.frames import from_workload, synthetic_ports
from translators.openflow.simulate import REFLECTED, Frame, Trace, Tracked, simulate
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.model import TCP, Plan

WEB, NEAR, FAR = (ip_address(f"10.10.0.{n}") for n in (11, 22, 31))
TUNNEL = {host: int(shop_plan().host[host].tunnel.ip) for host in ("host1", "host2")}  # type: ignore[union-attr]


def _plan(collector: str, target: str = "shop/reviews-2", **fields: object) -> Plan:
    mirrored = rule("shop/m[0]", 7, sources=("shop/web",), endpoints=(target,), mirror=collector)
    return replace(shop_plan(), rules=(replace(mirrored, **fields),), captures=())  # type: ignore[arg-type]


def _packet(source: str, own: object, to: object) -> Packet:
    return Packet(source, own, to, TCP, 40000, 5432)  # type: ignore[arg-type]


def _sent(plan: Plan, packet: Packet, found: Tracked | None = None, **more: int) -> Trace:
    host = plan.endpoint[packet.endpoint].host
    ports = synthetic_ports(plan, host)
    frame: Frame = from_workload(plan, packet, ports)
    return simulate(translate(plan, host, ports), frame, found=found)


def _known(reply: bool, label: int = 7, lasting: bool = True) -> Tracked:
    state = CT_TRACKED | CT_ESTABLISHED | (CT_REPLY if reply else 0)
    return Tracked(state, MARK_DIRECT, label | (1 << 96 if lasting else 0))


def _port(plan: Plan, name: str) -> int:
    return synthetic_ports(plan, plan.endpoint[name].host)[plan.endpoint[name].port]


def test_the_first_packet_is_copied_and_arrives() -> None:
    plan = _plan("rival/spy")
    trace = _sent(plan, _packet("shop/web", WEB, NEAR))
    assert trace.output == _port(plan, "shop/reviews-2")
    assert trace.copies == (_port(plan, "rival/spy"),)
    assert trace.frame[ETH_DST] == int(plan.endpoint["shop/reviews-2"].mac.replace(":", ""), 16)


@pytest.mark.parametrize("lasting", [True, False])
def test_established_packets_of_both_directions_are_copied_once(lasting: bool) -> None:
    plan = _plan("rival/spy")
    there = _sent(plan, _packet("shop/web", WEB, NEAR), _known(False, lasting=lasting))
    back = _sent(plan, _packet("shop/reviews-2", NEAR, WEB), _known(True, lasting=lasting))
    for trace, end in ((there, "shop/reviews-2"), (back, "shop/web")):
        assert (trace.output, trace.copies) == (_port(plan, end), (_port(plan, "rival/spy"),))


def test_what_is_denied_or_admitted_by_another_rule_has_no_copy() -> None:
    plan = _plan("rival/spy")
    denied = _sent(plan, _packet("shop/web", WEB, FAR))
    assert (denied.output, denied.copies) == (None, ())
    revoked = replace(plan, rules=())
    cut = _sent(revoked, _packet("shop/web", WEB, NEAR), _known(False, lasting=False))
    assert (cut.output, cut.copies) == (None, ())
    other = _sent(plan, _packet("shop/web", WEB, NEAR), _known(False, label=8))
    assert (other.output, other.copies) == (_port(plan, "shop/reviews-2"), ())


def test_a_revoked_connection_has_no_more_copies() -> None:
    plan = _plan("rival/spy")
    elsewhere = replace(plan, rules=(replace(plan.rules[0], endpoints=("shop/stock",)),))
    trace = _sent(elsewhere, _packet("shop/web", WEB, NEAR), _known(False, lasting=False))
    assert (trace.output, trace.copies) == (None, ())


def test_the_reset_that_ends_a_revoked_connection_passes_without_a_copy() -> None:
    plan = _plan("rival/spy")
    plan = replace(plan, rules=(replace(plan.rules[0], endpoints=("shop/stock",)),))
    ports = synthetic_ports(plan, "host1")
    frame = from_workload(plan, _packet("shop/web", WEB, NEAR), ports)
    reset = {**frame, TCP_FLAGS: TCP_RST}
    trace = simulate(translate(plan, "host1", ports), reset, found=_known(False, lasting=False))
    assert (trace.output, trace.copies) == (_port(plan, "shop/reviews-2"), ())


def test_a_collector_elsewhere_gets_copies_through_the_tunnel_by_their_own_vni() -> None:
    plan = _plan("shop/audit")
    ports = synthetic_ports(plan, "host1")
    trace = _sent(plan, _packet("shop/web", WEB, NEAR))
    assert (trace.output, trace.copies) == (_port(plan, "shop/reviews-2"), (ports["fsdn-tun"],))
    assert (trace.frame[TUN_ID], trace.frame[TUN_DST]) == (MIRROR_VNI, TUNNEL["host2"])


def test_an_answer_from_the_tunnel_is_copied_back_into_it() -> None:
    plan = _plan("shop/audit", "shop/stock")
    ports = synthetic_ports(plan, "host1")
    answer = from_workload(plan, _packet("shop/web", FAR, WEB), ports)
    vni = plan.segment["shop/front"].vni
    frame = {**answer, IN_PORT: ports["fsdn-tun"], TUN_ID: vni, TUN_SRC: TUNNEL["host2"]}
    trace = simulate(translate(plan, "host1", ports), frame, found=_known(True))
    assert (trace.output, trace.copies) == (ports["web"], (REFLECTED,))


@pytest.mark.parametrize(
    ("sender", "mac", "copies"),
    [("host1", "shop/audit", True), ("host2", "shop/audit", False), ("host1", "shop/stock", False)],
)
def test_a_copy_is_only_taken_from_hosts_of_sources_for_the_collector(
    sender: str, mac: str, copies: bool
) -> None:
    plan = _plan("shop/audit")
    ports = synthetic_ports(plan, "host2")
    to = int(plan.endpoint[mac].mac.replace(":", ""), 16)
    frame = {
        IN_PORT: ports["fsdn-tun"],
        TUN_ID: MIRROR_VNI,
        TUN_SRC: TUNNEL[sender],
        ETH_DST: to,
    }
    trace = simulate(translate(plan, "host2", ports), frame)
    assert trace.copies == ((_port(plan, "shop/audit"),) if copies else ())
    assert trace.output is None
    assert [flow.table for flow in trace.flows] == [Table.CLASSIFY, Table.MIRROR]


def test_what_leaves_is_copied_too() -> None:
    plan = leaving(_plan("rival/spy"))
    out = replace(plan.rule["shop/out[0]"], mirror="rival/spy")
    plan = replace(plan, rules=(out,))
    packet = Packet("shop/web", WEB, ip_address("203.0.113.7"), TCP, 40000, 443)
    first = _sent(plan, packet)
    known = Tracked(CT_TRACKED | CT_ESTABLISHED, MARK_OUTSIDE, out.number | 1 << 96)
    later = _sent(plan, packet, known)
    outside = synthetic_ports(plan, "host1")["outside"]
    for trace in (first, later):
        assert (trace.output, trace.copies) == (outside, (_port(plan, "rival/spy"),))


def test_an_explanation_has_a_row_for_the_copy() -> None:
    plan = _plan("rival/spy")
    rows = explain(plan, _packet("shop/web", WEB, NEAR))
    assert [(row.verdict, row.rule) for row in rows] == [
        ("mirror", "shop/m[0]"),
        ("allow", "shop/m[0]"),
    ]


def test_bridges_without_source_and_collector_know_nothing_of_it() -> None:
    plan = _plan("rival/spy")
    site = Site(plan, plan.host["host2"], synthetic_ports(plan, "host2"))
    causes = {cause_of(flow.cookie) for flow in program(flows(site)).flows}
    assert not causes & {Cause.MIRROR, Cause.COPY}

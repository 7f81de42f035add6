"""Who leaves does so under the host's address; who comes back had left."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

from tests.plans import EXTERNAL, leaving, shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.features.outside import external_clauses, within
from translators.openflow.fields import (
    CT_ESTABLISHED,
    CT_NEW,
    CT_REPLY,
    ETH_DST,
    ETH_IPV4,
    ETH_SRC,
    ETH_TYPE,
    FROM_OUTSIDE,
    FROM_TUNNEL,
    IN_PORT,
    IP_PROTO,
    IP_TTL,
    IPV4_DST,
    IPV4_SRC,
    MARK_OUTSIDE,
    ORIGIN,
    TUN_ID,
    TUN_SRC,
)
from translators.openflow.frames import from_workload, synthetic_ports
from translators.openflow.simulate import CT_TRACKED, Trace, Tracked, simulate
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.openflow.translate import missing_ports, translate
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import TCP, UDP, Action, Transport

PLAN = leaving(shop_plan())
PORTS = synthetic_ports(PLAN, "host1")
MADE = translate(PLAN, "host1", PORTS)
SITE = ip_address("203.0.113.7")


def _packet(destination: str = "203.0.113.7", protocol: int = TCP, port: int = 443) -> Packet:
    web = ip_address("10.10.0.11" if "." in destination else "fd10:10::11")
    return Packet("shop/web", web, ip_address(destination), protocol, 40000, port)


def _sent(packet: Packet, **fields: int) -> Trace:
    frame = from_workload(PLAN, packet, PORTS)
    return simulate(MADE, frame | {IP_TTL: fields.get("ttl", 64)})


def _came(found: Tracked, source_mac: int = 0, **fields: int) -> Trace:
    frame = {
        IN_PORT: PORTS["outside"],
        ETH_SRC: source_mac,
        ETH_DST: 0x02000000EE01,
        ETH_TYPE: ETH_IPV4,
        IPV4_SRC: int(SITE),
        IPV4_DST: int(EXTERNAL.addresses[0]),
        IP_PROTO: TCP,
        IP_TTL: fields.get("ttl", 64),
    }
    return simulate(MADE, frame, found=found)


def test_a_packet_leaves_under_the_hosts_address() -> None:
    trace = _sent(_packet())
    assert trace.output == PORTS["outside"]
    assert trace.frame[IPV4_SRC] == int(EXTERNAL.addresses[0])
    assert (trace.frame[ETH_SRC], trace.frame[ETH_DST]) == (0x02000000EE01, 0x02000000EEFE)
    assert trace.frame[IP_TTL] == 63
    assert _sent(_packet("2001:db8:3::7")).output == PORTS["outside"]


def test_a_rule_must_let_it_leave() -> None:
    for packet in (_packet(port=80), _packet("198.18.0.1"), _packet(protocol=UDP)):
        assert cause_of(_sent(packet).decided.cookie) is Cause.OUTSIDE
        assert evaluate(PLAN, packet).action is Action.DENY
    for never in ("224.0.0.1", "169.254.169.254", "255.255.255.255"):
        assert _sent(_packet(never)).output is None


def test_other_protocols_cannot_leave() -> None:
    (*rules, out) = PLAN.rules
    every = replace(PLAN, rules=(*rules, replace(out, transport=Transport())))
    made = translate(every, "host1", PORTS)
    trace = simulate(made, from_workload(every, _packet(protocol=132, port=0), PORTS))
    assert cause_of(trace.decided.cookie) is Cause.OUTSIDE
    assert "TCP, UDP and ICMP" in evaluate(every, _packet(protocol=132, port=0)).reason


def test_time_runs_out_on_the_way_out_and_back() -> None:
    assert cause_of(_sent(_packet(), ttl=1).decided.cookie) is Cause.EXPIRED
    answer = Tracked(CT_ESTABLISHED | CT_REPLY | CT_TRACKED, MARK_OUTSIDE)
    assert cause_of(_came(answer, ttl=1).decided.cookie) is Cause.EXPIRED


def test_nothing_from_outside_begins_a_connection() -> None:
    assert cause_of(_came(Tracked(CT_NEW | CT_TRACKED)).decided.cookie) is Cause.INBOUND


def test_nobody_leaves_by_another_hosts_bridge() -> None:
    frame = dict(from_workload(PLAN, _packet(), PORTS))
    remote = PLAN.endpoint["shop/stock"].addresses[0]
    tunnelled = {IN_PORT: PORTS["fsdn-tun"], TUN_ID: 10010, TUN_SRC: 0x0AFF0202}
    trace = simulate(MADE, frame | tunnelled | {IPV4_SRC: int(remote)})
    assert trace.at(Table.SPOOF) is not None
    assert (trace.frame[ORIGIN], trace.output) == (FROM_TUNNEL, None)
    assert FROM_OUTSIDE != FROM_TUNNEL


def test_clauses_are_of_one_family_each() -> None:
    site = Site(PLAN, PLAN.host["host1"], PORTS)
    assert len(list(external_clauses(site, PLAN.rules[-1]))) == 2
    four = replace(PLAN.rules[-1], transport=Transport(family=4))
    assert len(list(external_clauses(site, four))) == 1
    assert list(external_clauses(site, PLAN.rules[0])) == []


def test_networks_as_tests() -> None:
    assert within(ip_network("0.0.0.0/0")) == ((ETH_TYPE, ETH_IPV4, None),)
    assert within(ip_network("10.0.0.0/8"))[1:] == ((IPV4_DST, 0x0A000000, 0xFF000000),)
    assert within(ip_network("10.0.0.1/32"))[1:] == ((IPV4_DST, 0x0A000001, None),)


def test_a_host_without_a_way_outside_has_no_flow_for_it() -> None:
    plan = shop_plan()
    made = translate(plan, "host1", synthetic_ports(plan, "host1"))
    assert not {flow.table for flow in made.flows} & {Table.INBOUND, Table.RETURN, Table.LEAVE}
    assert "outside" in missing_ports(PLAN, "host1", {})

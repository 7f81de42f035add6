"""Which packets are told which queue, at the source's bridge and at the destination's."""

from dataclasses import replace

from tests.plans import rule, shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.features.queues import waiting
from translators.openflow.features.shapes import begun, established, metered, meters
from translators.openflow.fields import (
    CT_LABEL,
    CT_MARK,
    CT_REPLY,
    CT_TRACKED,
    FROM_OUTSIDE,
    FROM_TUNNEL,
    IP_DSCP,
    IPV4_DST,
    MARK_DIRECT,
    ORIGIN,
)
from translators.openflow.flow import Flow, Meter, Metered, Queued, SetField
from translators.openflow.frames import from_tunnel, from_workload, synthetic_ports
from translators.openflow.simulate import Trace, Tracked, simulate
from translators.openflow.site import Site
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.model import Plan, Rule, Shaping

LIMIT = Shaping(1000, 200, 18, queue=True)
WEB, NEAR, FAR = "shop/web", "shop/reviews-2", "shop/stock"


def _rule(shape: Shaping = LIMIT, **fields: object) -> Rule:
    wanted: dict[str, object] = {"sources": (WEB,), "endpoints": (NEAR, FAR)} | fields
    return rule("shop/p[0]", 5, shape=shape, **wanted)


def _plan(*rules: Rule) -> Plan:
    return replace(shop_plan(), rules=rules, captures=())


def _site(one: Rule, host: str = "host1") -> Site:
    plan = _plan(one)
    return Site(plan, plan.host[host], synthetic_ports(plan, host))


def _acts(flow: Flow) -> list[object]:
    return [act for act in flow.actions if isinstance(act, Queued | Metered)]


def _origin(flow: Flow) -> int:
    return next(value for field, value, _ in flow.match if field is ORIGIN)


def _traced(plan: Plan, host: str, target: str, back: bool = False) -> Trace:
    """Return what a host's bridge does with a packet of a connection that the rule admitted."""
    source, end = (NEAR, WEB) if back else (WEB, target)
    first = plan.endpoint[source].addresses[0]
    packet = Packet(source, first, plan.endpoint[end].addresses[0], 6, 40_000, 22)
    frame = from_workload(plan, packet, synthetic_ports(plan, "host1"))
    if host != "host1":
        sent = simulate(translate(plan, "host1", synthetic_ports(plan, "host1")), frame).frame
        there = synthetic_ports(plan, host)
        frame = from_tunnel(sent, plan.host["host1"], plan.host[host], there)
    state = CT_TRACKED | (CT_REPLY if back else 0)
    found = Tracked(state, MARK_DIRECT, plan.rules[0].number)
    return simulate(translate(plan, host, synthetic_ports(plan, host)), frame, found=found)


def test_both_directions_wait_where_they_arrive() -> None:
    plan = _plan(_rule(), rule("shop/p[1]", 6, sources=(NEAR,), endpoints=(WEB,)))
    for target, back in ((NEAR, False), (WEB, True)):
        trace = _traced(plan, "host1", target, back)
        assert (trace.queue, trace.frame[IP_DSCP]) == (5, 18)
        assert trace.output is not None


def test_what_leaves_by_a_tunnel_waits_at_the_other_end() -> None:
    plan = _plan(_rule())
    here = _traced(plan, "host1", FAR)
    assert (here.queue, here.frame[IP_DSCP]) == (0, 18)
    assert not [act for flow in here.flows for act in _acts(flow)]
    assert _traced(plan, "host2", FAR).queue == 5


def test_a_rule_without_a_queue_is_metered_as_before() -> None:
    plain = _site(_rule(Shaping(1000, 200, 18)))
    assert list(waiting(plain)) == []
    assert [m.number for m in meters(plain)] == [11, 12]


def test_a_meter_is_left_for_first_packets_and_for_what_leaves() -> None:
    site = _site(one := _rule())
    assert list(meters(site)) == [Meter(11, 1000, 200)]
    assert metered(site) == {11: one}
    assert {act for flow in begun(site) for act in _acts(flow)} == {Metered(11)}
    assert list(established(site)) == []  # nothing of this rule leaves


def test_only_the_ends_bridges_tell_queues() -> None:
    assert {_origin(flow) for flow in waiting(_site(_rule(), "host2"))} == {FROM_TUNNEL}
    near = _rule(endpoints=(NEAR,))
    assert list(waiting(_site(near, "host2"))) == []


def test_a_rules_service_leads_to_its_endpoints() -> None:
    served = _rule(endpoints=(), services=("shop/reviews",))
    assert FROM_TUNNEL in {_origin(flow) for flow in waiting(_site(served, "host2"))}


def test_each_local_receiver_has_a_flow_for_each_address() -> None:
    flows = [flow for flow in waiting(_site(_rule())) if flow.priority == 181]
    own = shop_plan().endpoint[NEAR].addresses
    assert len(flows) == len(own)
    assert any(field is IPV4_DST for flow in flows for field, _, _ in flow.match)
    assert {cause_of(flow.cookie) for flow in flows} == {Cause.SHAPE}
    assert all((CT_LABEL, 5, 0xFFFFFFFF) in flow.match for flow in flows)
    assert all((CT_MARK, MARK_DIRECT, None) in flow.match for flow in flows)


def test_without_a_mark_what_leaves_is_left_alone() -> None:
    flows = list(waiting(_site(_rule(Shaping(1000, 200, queue=True)))))
    assert all(any(isinstance(act, Queued) for act in flow.actions) for flow in flows)
    marks = [a for flow in flows for a in flow.actions if a == SetField(IP_DSCP, 18)]
    assert marks == []
    assert FROM_OUTSIDE not in {_origin(flow) for flow in flows}

"""What is metered and marked where, and by which meters."""

from dataclasses import replace

from tests.plans import rule, shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.features.shapes import begun, established, metered, meters
from translators.openflow.fields import IP_DSCP
from translators.openflow.flow import Meter, Metered, SetField
from translators.openflow.frames import from_workload, synthetic_ports
from translators.openflow.simulate import simulate
from translators.openflow.site import Site
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.model import Plan, Rule, Shaping

WEB, STOCK = ("shop/web",), ("shop/stock",)
LIMIT = Shaping(1000, 200, 18)


def _rule(number: int, shape: Shaping | None, **fields: object) -> Rule:
    wanted = {"sources": WEB, "endpoints": STOCK} | fields
    return rule(f"shop/p[{number}]", number, shape=shape, **wanted)


def _site(*rules: Rule, host: str = "host1") -> Site:
    plan = replace(shop_plan(), rules=rules, captures=())
    return Site(plan, plan.host[host], synthetic_ports(plan, host))


def test_each_direction_has_a_meter_with_a_number_of_the_rules_own() -> None:
    assert list(meters(_site(_rule(5, LIMIT)))) == [Meter(11, 1000, 200), Meter(12, 1000, 200)]
    same = 32_767  # both rules would have one number: the second takes the next
    found = [m.number for m in meters(_site(_rule(5 + same, LIMIT), _rule(5, LIMIT)))]
    assert found == [13, 14, 11, 12]
    assert max(m.number for m in meters(_site(_rule(32_766, LIMIT)))) < 1 << 16


def test_each_meter_is_a_rules() -> None:
    site = _site(one := _rule(5, LIMIT), _rule(6, Shaping(dscp=46)), two := _rule(7, LIMIT))
    assert metered(site) == {11: one, 12: one, 15: two, 16: two}
    assert set(metered(site)) == {meter.number for meter in meters(site)}


def test_a_mark_alone_needs_no_meter() -> None:
    site = _site(_rule(5, Shaping(dscp=46)))
    assert list(meters(site)) == []
    acts = {act for flow in (*begun(site), *established(site)) for act in flow.actions}
    assert SetField(IP_DSCP, 46) in acts
    assert not any(isinstance(act, Metered) for act in acts)


def test_only_the_sources_bridge_shapes() -> None:
    shaped = _rule(5, LIMIT)
    assert list(established(_site(shaped)))
    elsewhere = _site(shaped, host="host2")
    assert [*meters(elsewhere), *begun(elsewhere), *established(elsewhere)] == []
    assert list(established(_site(_rule(5, None)))) == []


def _packet(plan: Plan) -> Packet:
    source, target = plan.endpoint["shop/web"], plan.endpoint["shop/stock"]
    return Packet(source.name, source.addresses[0], target.addresses[0], 6, 40000, 22)


def test_the_first_packet_is_shaped_once() -> None:
    plan = _site(_rule(5, LIMIT)).plan
    ports = synthetic_ports(plan, "host1")
    trace = simulate(translate(plan, "host1", ports), from_workload(plan, _packet(plan), ports))
    assert [cause_of(f.cookie) for f in trace.flows].count(Cause.SHAPE) == 1
    assert trace.frame[IP_DSCP] == 18
    assert trace.output is not None

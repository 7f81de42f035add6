"""Every flow on a bridge can be traced to who wrote what it is for."""

from dataclasses import replace

from tests.plans import shop_plan
from translators.openflow.cookie import Cause, cause_of, cookie, is_ours, origin_of, rule_of
from translators.openflow.frames import synthetic_ports
from translators.openflow.translate import translate
from translators.plan.model import Origin


def test_a_cookie_holds_owner_cause_and_object() -> None:
    assert cookie(Cause.RULE, 0xABCDEF01) == 0xF5D0_000D_ABCDEF01
    assert is_ours(cookie(Cause.NONE))
    assert not is_ours(0x1234 << 48)
    assert cause_of(0x1234 << 48) is None
    assert cause_of(0xF5D0_7777_00000000) is None


def test_a_rule_is_found_behind_its_flows() -> None:
    plan = shop_plan()
    for cause in (Cause.RULE, Cause.CLOSURE, Cause.CAPTURE, Cause.PROXY):
        found = rule_of(plan, cookie(cause, 5))
        assert found is not None
        assert found.name == "shop/stock-closed[0]"
    assert rule_of(plan, cookie(Cause.PORT, 5)) is None
    assert rule_of(plan, cookie(Cause.RULE, 999)) is None


def test_every_kind_of_object_has_an_origin() -> None:
    plan = shop_plan()
    marked = replace(
        plan,
        endpoints=tuple(replace(e, origin=Origin("w.yaml", e.identity)) for e in plan.endpoints),
        segments=tuple(replace(s, origin=Origin("s.yaml", s.number)) for s in plan.segments),
        tenants=tuple(replace(t, origin=Origin("t.yaml", t.number)) for t in plan.tenants),
        services=tuple(replace(s, origin=Origin(s.name, 1)) for s in plan.services),
        rules=tuple(replace(r, origin=Origin("r.yaml", r.number)) for r in plan.rules),
    )
    assert origin_of(marked, cookie(Cause.DELIVER, 4)) == Origin("w.yaml", 4)
    assert origin_of(marked, cookie(Cause.ISOLATION, 2)) == Origin("s.yaml", 2)
    assert origin_of(marked, cookie(Cause.DEFAULT, 1)) == Origin("t.yaml", 1)
    assert origin_of(marked, cookie(Cause.SERVICE, 2)) == Origin("shop/stock", 1)
    assert origin_of(marked, cookie(Cause.RULE, 3)) == Origin("r.yaml", 3)
    assert origin_of(marked, cookie(Cause.NONE)) is None


def test_every_flow_with_an_object_has_an_origin() -> None:
    plan = shop_plan()
    made = translate(plan, "host1", synthetic_ports(plan, "host1"))
    assert all(is_ours(flow.cookie) for flow in made.flows)
    with_object = [flow for flow in made.flows if flow.cookie & 0xFFFFFFFF]
    assert len(with_object) > 50
    assert all(origin_of(plan, flow.cookie) is not None for flow in with_object)

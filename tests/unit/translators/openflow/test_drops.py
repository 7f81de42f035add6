"""Every flow that ends a packet has a cause of its own, and none that lets it go on has one."""

from dataclasses import replace

import pytest

from tests.plans import leasing, leaving, routed, rule, shop_plan
from translators.openflow.cookie import Cause, cause_of, cookie
from translators.openflow.drops import REASONS, drop_of, shaped
from translators.openflow.flow import Conjunction, Flow, Program
from translators.openflow.frames import synthetic_ports
from translators.openflow.translate import translate
from translators.plan.model import Action, Origin, Plan

# They tell the controller, or mark the connection, and then drop.
_ENDS = (Cause.REVOKED, Cause.LOST, Cause.EXPIRED)


def _with_default(plan: Plan, default: Action) -> Plan:
    return replace(plan, tenants=tuple(replace(t, default=default) for t in plan.tenants))


def _programs(plan: Plan) -> list[Program]:
    return [translate(plan, h.name, synthetic_ports(plan, h.name)) for h in plan.hosts]


def _ends(flow: Flow) -> bool:
    return flow.drops or cause_of(flow.cookie) in _ENDS


_MORE = {"shop": lambda plan: plan, "routed": routed, "leaving": leaving, "leasing": leasing}


def _plan(name: str) -> Plan:
    return _MORE[name](shop_plan())


@pytest.mark.parametrize("default", list(Action))
@pytest.mark.parametrize("name", list(_MORE))
def test_flows_that_drop_have_a_cause_and_others_have_none(name: str, default: Action) -> None:
    plan = _with_default(_plan(name), default)
    for program in _programs(plan):
        for flow in program.flows:
            drop = drop_of(plan, flow.cookie)
            if any(isinstance(act, Conjunction) for act in flow.actions):
                continue
            assert (drop is not None and drop.dropped) == _ends(flow), flow


@pytest.mark.parametrize("name", list(_MORE))
def test_every_table_counts_what_no_flow_of_it_is_for(name: str) -> None:
    for program in _programs(_plan(name)):
        missed = {flow.table for flow in program.flows if flow.priority == 0 and not flow.match}
        assert missed == {flow.table for flow in program.flows}


def test_what_a_drop_is_about_is_named_with_its_line() -> None:
    closed = rule("shop/closed[0]", 9, action=Action.DENY)
    plan = replace(shop_plan(), rules=(replace(closed, origin=Origin("p.yaml", 4)),))
    denied = drop_of(plan, cookie(Cause.RULE, 9))
    assert denied is not None
    assert (denied.cause, denied.subject, denied.origin) == ("rule", "shop/closed[0]", "p.yaml:4")
    spoofed = drop_of(plan, cookie(Cause.SPOOFED, plan.endpoint["shop/web"].identity))
    assert spoofed is not None
    assert (spoofed.cause, spoofed.subject) == ("spoofed-source", "shop/web")
    assert drop_of(plan, cookie(Cause.SPOOFED)) is not None
    assert shaped(plan.rules[0]).cause == "shape"


def test_rules_and_tenants_that_admit_drop_nothing() -> None:
    plan = replace(shop_plan(), rules=(rule("shop/open[0]", 9),))
    assert drop_of(plan, cookie(Cause.RULE, 9)) is None
    assert drop_of(plan, cookie(Cause.RULE, 999)) is None
    assert drop_of(_with_default(plan, Action.ALLOW), cookie(Cause.DEFAULT, 1)) is None
    would = drop_of(_with_default(plan, Action.AUDIT), cookie(Cause.DEFAULT, 1))
    assert would is not None
    assert (would.cause, would.dropped) == ("audit", False)
    does = drop_of(_with_default(plan, Action.DENY), cookie(Cause.DEFAULT, 1))
    assert does is not None
    assert (does.cause, does.dropped) == ("default", True)


def test_others_flows_are_none_of_our_drops() -> None:
    assert drop_of(shop_plan(), 0x1234) is None
    assert all(reason for reason in REASONS.values())

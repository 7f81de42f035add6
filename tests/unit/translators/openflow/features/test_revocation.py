"""Established connections are judged again; what policy denies is marked, and told to both ends."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.plans import rule, shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.fields import (
    CT_ESTABLISHED,
    CT_RELATED,
    CT_REPLY,
    CT_TRACKED,
    ETH_SRC,
    TCP_FLAGS,
    TCP_RST,
    VIRTUAL_MAC,
)
from translators.openflow.frames import from_workload, synthetic_ports
from translators.openflow.simulate import Trace, Tracked, simulate
from translators.openflow.tables import Table
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.model import TCP, UDP, Action, Plan, PortRange, Rule, Transport

WEB, STOCK, VIP = (ip_address(a) for a in ("10.10.0.11", "10.10.0.31", "10.10.0.201"))
REVIEWS = ip_address("10.10.0.200")
TO_STOCK = Packet("shop/web", WEB, VIP, TCP, 40000, 80)
TO_REVIEWS = Packet("shop/web", WEB, REVIEWS, TCP, 40000, 80)


def _sent(plan: Plan, packet: Packet, found: Tracked | None = None, **more: int) -> Trace:
    ports = synthetic_ports(plan, "host1")
    frame = from_workload(plan, packet, ports) | {TCP_FLAGS: more.get("flags", 0x10)}
    if found is None:
        frame[TCP_FLAGS] = 0x02
    return simulate(translate(plan, "host1", ports), frame, 0, found)


def _committed(plan: Plan, packet: Packet) -> Tracked:
    found = _sent(plan, packet).committed
    assert found is not None
    return found


def _without(plan: Plan, *names: str) -> Plan:
    rules = tuple(r for r in plan.rules if r.name not in names)
    return replace(
        plan, rules=rules, captures=tuple(c for c in plan.captures if c.rule not in names)
    )


def test_a_connection_goes_on_while_policy_admits_it() -> None:
    plan = shop_plan()
    trace = _sent(plan, TO_STOCK, _committed(plan, TO_STOCK))
    assert trace.output is not None
    assert trace.committed is None  # nothing is written for what stands
    assert trace.frame[ETH_SRC] == VIRTUAL_MAC
    assert trace.at(Table.REVOKE) is not None


def test_a_connection_ends_with_its_rule_and_stays_ended() -> None:
    plan = shop_plan()
    less = _without(plan, "shop/stock[0]")
    trace = _sent(less, TO_STOCK, _committed(plan, TO_STOCK))
    assert (trace.output, trace.punted) == (None, True)
    assert cause_of(trace.decided.cookie) is Cause.REVOKED
    assert trace.committed is not None
    assert trace.committed.mark == 68
    for direction in (0, CT_REPLY):  # not even by the policy that admitted it
        state = CT_TRACKED | CT_ESTABLISHED | direction
        again = _sent(plan, TO_STOCK, replace(trace.committed, state=state))
        assert (again.output, again.punted) == (None, True)


def test_a_narrowed_rule_and_a_new_denial_end_connections_too() -> None:
    plan = shop_plan()
    found = _committed(plan, TO_STOCK)
    denial = replace(plan, rules=(_denial(), *plan.rules))
    assert _sent(denial, TO_STOCK, found).output is None
    narrowed = tuple(replace(r, sources=()) for r in plan.rules)
    assert _sent(replace(plan, rules=narrowed), TO_STOCK, found).output is None


def _denial() -> Rule:
    who, whom = ("shop/web",), ("shop/stock",)
    return rule("shop/never[0]", 99, action=Action.DENY, sources=who, endpoints=whom)


def test_what_drains_is_not_judged() -> None:
    plan = shop_plan()
    lasting = replace(plan, rules=tuple(replace(r, drain=True) for r in plan.rules))
    found = _committed(lasting, TO_STOCK)
    assert found.label >> 96 == 1
    assert _sent(_without(plan, "shop/stock[0]"), TO_STOCK, found).output is not None


def test_a_captured_connection_ends_with_its_capture() -> None:
    plan = shop_plan()
    found = _committed(plan, TO_REVIEWS)
    assert found.mark == 1
    kept = _sent(plan, TO_REVIEWS, found)
    assert kept.at(Table.STEER) is not None
    assert kept.output is not None
    names = tuple(r.name for r in plan.rules if "reviews" in r.name)
    cut = _sent(_without(plan, *names), TO_REVIEWS, found)
    assert (cut.output, cut.punted) == (None, True)
    assert cut.committed is not None
    assert cut.committed.mark == 65


def test_what_the_proxy_is_to_decide_may_not_go_around_it() -> None:
    plan = shop_plan()
    allow = rule(
        "shop/before[0]",
        98,
        sources=("shop/web",),
        services=("shop/reviews",),
        transport=Transport(protocol=TCP, ports=(PortRange(80, 80),)),
    )
    before = replace(_without(plan, *(r.name for r in plan.rules)), rules=(allow,))
    found = _committed(before, TO_REVIEWS)
    assert found.mark == 4
    for default in (Action.DENY, Action.ALLOW):  # neither may let it by
        tenants = tuple(replace(t, default=default) for t in plan.tenants)
        after = replace(plan, tenants=tenants, rules=(*plan.rules, allow))
        assert _sent(after, TO_REVIEWS, found).output is None


@pytest.mark.parametrize("state", [CT_RELATED | CT_TRACKED, CT_REPLY | CT_TRACKED])
def test_replies_and_errors_are_not_judged(state: int) -> None:
    plan = shop_plan()
    found = replace(_committed(plan, TO_STOCK), state=state)
    assert _sent(_without(plan, "shop/stock[0]"), TO_STOCK, found).at(Table.REVOKE) is None


def test_a_reset_gets_through() -> None:
    plan = shop_plan()
    less, found = _without(plan, "shop/stock[0]"), _committed(plan, TO_STOCK)
    assert _sent(less, TO_STOCK, found, flags=TCP_RST).output is not None
    assert _sent(less, TO_STOCK, replace(found, mark=68), flags=TCP_RST).output is not None


def test_datagrams_are_cut_without_a_word() -> None:
    plan = shop_plan()
    names = rule("shop/names[0]", 71, sources=("shop/web",), endpoints=("shop/stock",))
    ask = Packet("shop/web", WEB, STOCK, UDP, 40000, 53)
    found = _committed(replace(plan, rules=(names,), captures=()), ask)
    trace = _sent(_without(plan, *(r.name for r in plan.rules)), ask, found)
    assert (trace.output, trace.punted) == (None, False)
    assert trace.committed is not None


def test_audits_count_a_connection_once_however_many_packets_it_has() -> None:
    plan = shop_plan()
    who, whom = ("shop/web",), ("shop/stock",)
    audit = rule("shop/audit[0]", 97, action=Action.AUDIT, sources=who, services=whom)
    watched = replace(plan, rules=(audit, *plan.rules))

    def counts(trace: Trace) -> int:
        return sum(cause_of(flow.cookie) is Cause.AUDIT for flow in trace.flows)

    first = _sent(watched, TO_STOCK)
    assert first.committed is not None
    again = _sent(watched, TO_STOCK, first.committed)
    assert (counts(first), counts(again)) == (1, 0)
    assert again.output is not None


def test_what_left_a_service_that_cuts_ends_and_members_go_on() -> None:
    cutting = tuple(replace(s, cuts=True) for s in shop_plan().services)
    plan = replace(shop_plan(), services=cutting)
    found = _committed(plan, TO_STOCK)
    assert _sent(plan, TO_STOCK, found).output is not None
    left = replace(plan, services=tuple(replace(s, endpoints=()) for s in cutting))
    ended = _sent(left, TO_STOCK, found)
    assert (ended.output, ended.punted) == (None, True)
    assert ended.committed is not None
    assert ended.committed.mark == 68
    assert _sent(left, TO_STOCK, found, flags=TCP_RST).output is not None
    kept = replace(left, services=tuple(replace(s, cuts=None) for s in left.services))
    assert _sent(kept, TO_STOCK, found).output is not None

"""What is carried on from plan to plan; the property tests hold it to translating from nothing."""

from dataclasses import replace
from random import Random

import pytest

from tests.plans import rule, rule_within, shop_plan
from tests.properties.strategies import random_plan
from translators.openflow import bridge
from translators.openflow.bridge import bridge_of
from translators.openflow.flow import Flow, items_of
from translators.openflow.frames import synthetic_ports
from translators.openflow.news import news
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.openflow.translate import FEATURES, Feature, translate
from translators.plan.model import Plan

PLAN = shop_plan()
PORTS = synthetic_ports(PLAN, "host1")


def test_only_what_a_change_touches_is_made_again() -> None:
    before = bridge_of(PLAN, "host1", PORTS)
    assert not before.changes, "nobody asks what is new in all of it"
    after = bridge_of(replace(PLAN, rules=PLAN.rules[1:]), "host1", PORTS, before)
    for feature in ("classify", "neighbours", "addresses", "delivery"):
        assert after.sections[feature] is before.sections[feature]
    kept = before.sections["services"].parts.keys() & after.sections["services"].parts.keys()
    assert kept
    tables = {place[0] for place in after.changes if place[0] != "group"}
    assert tables <= {Table.POLICY, Table.ARRIVAL, Table.BALANCE, Table.PROXY}


def test_a_feature_without_parts_is_made_again_as_a_whole() -> None:
    def counting(site: Site) -> list[Flow]:
        return [Flow(Table.SPOOF, n, (), n) for n in range(len(site.plan.rules))]

    feature = Feature("counting", (Table.SPOOF,), counting)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bridge, "FEATURES", (feature,))
        before = bridge_of(PLAN, "host1", PORTS)
        fewer = bridge_of(replace(PLAN, rules=PLAN.rules[1:]), "host1", PORTS, before)
        same = bridge_of(replace(PLAN, hosts=PLAN.hosts[::-1]), "host1", PORTS, before)
    assert len(before.entries) == len(PLAN.rules) == len(fewer.entries) + 1
    assert len(fewer.changes) == 1
    assert not same.changes
    assert same.sections["counting"].parts == before.sections["counting"].parts


def test_its_flows_are_those_that_translating_finds() -> None:
    rng = Random(7)
    for _ in range(10):
        plan, later = random_plan(rng), random_plan(rng)
        ports = synthetic_ports(plan, "host1")
        before = bridge_of(plan, "host1", ports)
        assert before.program == translate(plan, "host1", ports)
        ports = synthetic_ports(later, "host1")
        after = bridge_of(later, "host1", ports, before)
        assert after.program == translate(later, "host1", ports)


def test_two_flows_with_one_match_are_a_bug_that_is_said() -> None:
    def clashing(_: Site) -> list[Flow]:
        return [Flow(Table.SPOOF, 1, (), n) for n in range(2)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bridge, "FEATURES", (Feature("clashing", (Table.SPOOF,), clashing),))
        with pytest.raises(ValueError, match="two flows share one match"):
            bridge_of(PLAN, "host1", PORTS)


def test_a_flow_in_a_table_of_another_feature_is_a_bug_that_is_said() -> None:
    with pytest.MonkeyPatch.context() as patch:
        stray = Feature("stray", (), lambda _: [Flow(Table.SPOOF, 1, (), 0)])
        patch.setattr(bridge, "FEATURES", (stray,))
        with pytest.raises(ValueError, match="stray does not own table"):
            bridge_of(PLAN, "host1", PORTS)


def test_a_rule_between_others_leaves_a_bridge_as_it_is() -> None:
    between = rule_within(PLAN, "host2")
    wider = replace(PLAN, rules=(*PLAN.rules, between))
    since = news(PLAN, wider)
    assert bridge_of(PLAN, "host1", PORTS).holds(PORTS, since)
    two = synthetic_ports(PLAN, "host2")
    assert not bridge_of(PLAN, "host2", two).holds(two, since)


@pytest.mark.parametrize("number", range(20))
def test_features_read_no_part_of_a_plan_that_they_do_not_name(number: int) -> None:
    plan = random_plan(Random(f"reads/{number}"))
    places = ("tenants", "segments", "hosts", "endpoints")
    for feature in (feature for feature in FEATURES if feature.reads is not None):
        kept = {name: getattr(plan, name) for name in (*places, *(feature.reads or ()))}
        fewer = Plan(**kept)
        for host in plan.hosts:
            ports = synthetic_ports(plan, host.name)
            sites = [Site(one, plan.host[host.name], ports) for one in (plan, fewer)]
            one, other = (set(items_of(feature.made(site))) for site in sites)
            assert one == other, feature.name


def test_a_rule_that_came_to_name_another_identity_unseen_is_not_taken_over() -> None:
    """A rule of requests has no flows for its endpoints, which show once it is one of packets."""
    stock = PLAN.endpoint["shop/stock"]
    direct = rule("shop/direct[0]", 50, sources=("shop/web",), endpoints=(stock.name,))
    asked = replace(direct, http=next(r.http for r in PLAN.rules if r.http is not None))
    others = tuple(e for e in PLAN.endpoints if e is not stock)
    moved = replace(PLAN, endpoints=(replace(stock, identity=999), *others))
    plans = [replace(PLAN, rules=(*PLAN.rules, asked)), replace(moved, rules=(*PLAN.rules, asked))]
    plans.append(replace(moved, rules=(*PLAN.rules, direct)))
    held = None
    for plan in plans:
        held = bridge_of(plan, "host1", PORTS, held)
    assert held is not None
    assert dict(held.entries) == dict(bridge_of(plans[-1], "host1", PORTS).entries)

"""Translation is pure, complete and owned table by table."""

from dataclasses import replace

import pytest

from tests.plans import rule, shop_plan
from translators.openflow.decision import BAND
from translators.openflow.fields import CONJ_ID, ETH_TYPE, IP_PROTO, SOURCE
from translators.openflow.flow import Flow, Match, Output, SetField
from translators.openflow.frames import synthetic_ports
from translators.openflow.tables import Table
from translators.openflow.translate import FEATURES, always_fits, translate
from translators.plan.model import Plan


def _flows(plan: Plan, host: str = "host1") -> tuple[Flow, ...]:
    return translate(plan, host, synthetic_ports(plan, host)).flows


def _prerequisites_hold(tests: Match) -> bool:
    held = {field: value for field, value, _ in tests}
    for field in held:
        if field.eth_types and held.get(ETH_TYPE) not in field.eth_types:
            return False
        if field.protocols and held.get(IP_PROTO) not in field.protocols:
            return False
    return True


@pytest.mark.parametrize("host", ["host1", "host2"])
def test_no_match_lacks_its_prerequisites(host: str) -> None:
    # A switch accepts tcp_dst without tcp, and erases it: everything would be let through.
    assert all(_prerequisites_hold(flow.match) for flow in _flows(shop_plan(), host))


def test_every_table_belongs_to_one_feature() -> None:
    owned = [table for feature in FEATURES for table in feature.tables]
    assert len(owned) == len(set(owned))


def test_the_same_plan_gives_the_same_program() -> None:
    assert _flows(shop_plan()) == _flows(shop_plan())


def test_a_workload_without_a_port_has_no_way_in_or_out() -> None:
    plan = shop_plan()
    ports = dict(synthetic_ports(plan, "host1"))
    gone = ports.pop("web")
    flows = translate(plan, "host1", ports).flows
    assert not any(Output(gone) in flow.actions for flow in flows)
    claims = SetField(SOURCE, plan.endpoint["shop/web"].identity)
    assert not any(claims in flow.actions for flow in flows if flow.table == Table.CLASSIFY)


def test_an_unknown_host_is_an_error() -> None:
    with pytest.raises(KeyError):
        translate(shop_plan(), "host9", {})


def test_another_tenants_rule_moves_no_flow_of_ours() -> None:
    plan = shop_plan()
    more = rule("rival/x[0]", 900, sources=("rival/spy",), endpoints=("rival/spy",))
    before = set(_flows(plan))
    after = set(_flows(replace(plan, rules=(more, *plan.rules))))
    assert before <= after
    assert 0 < len(after - before) <= 2


def test_conjunction_ids_are_unique_in_a_table() -> None:
    ids = [
        (f.table, f.match[0][1])
        for f in _flows(shop_plan())
        if f.match and f.match[0][0] is CONJ_ID
    ]
    assert len(ids) == len(set(ids))


def test_a_plan_with_fewer_rules_than_priorities_fits_into_every_bridge() -> None:
    assert always_fits(shop_plan())
    rule = shop_plan().rules[0]
    more = tuple(replace(rule, name=f"shop/p[{n}]") for n in range(BAND + 1))
    assert not always_fits(replace(shop_plan(), rules=more))

"""Decisions over sets cost their sums, keep their order, and share flows where they must."""

from itertools import product

import pytest

from translators.openflow import decision
from translators.openflow.conjunction import decide
from translators.openflow.cookie import Cause, cause_of, cookie
from translators.openflow.decision import Decision
from translators.openflow.fields import CONJ_ID, DESTINATION, SOURCE
from translators.openflow.flow import Conjunction, Flow, Match, match, program
from translators.openflow.simulate import find

CATCH = Flow(20, 0, (), 0)


def _to(*identities: int) -> tuple[Match, ...]:
    return tuple(match((DESTINATION, i)) for i in identities)


def _decision(number: int, sources: tuple[int, ...], *targets: int) -> Decision:
    return Decision(number, cookie(Cause.RULE, number), sources, ((_to(*targets),),), (), 25)


def _decided(decisions: list[Decision]) -> list[Flow]:
    return [item for item in decide(20, (10, decisions)).items if isinstance(item, Flow)]


def _deciding(decisions: list[Decision], source: int, target: int) -> int:
    made = program([*_decided(decisions), CATCH], ())
    flow = find(made, 20, {SOURCE: source, DESTINATION: target})
    assert flow is not None
    return flow.cookie & 0xFFFFFFFF


def test_a_product_of_sets_costs_their_sum() -> None:
    flows = _decided([_decision(7, tuple(range(50)), *range(100, 150))])
    assert len(flows) == 50 + 50 + 1


def test_small_products_are_plain_flows() -> None:
    flows = _decided([_decision(7, (1, 2), 3)])
    assert [len(flow.match) for flow in flows] == [2, 2]
    assert not any(flow.actions for flow in flows)


def test_conjunctions_that_share_a_match_are_merged() -> None:
    # Disjoint sources share a priority, and their common targets share flows.
    decisions = [_decision(1, (1, 2, 3), 7, 8, 9), _decision(2, (4, 5, 6), 8, 9, 10)]
    flows = _decided(decisions)
    assert len({flow.key for flow in flows}) == len(flows)
    shared = [flow for flow in flows if flow.match == match((DESTINATION, 8))]
    assert len(shared) == 1
    assert len([a for a in shared[0].actions if isinstance(a, Conjunction)]) == 2
    assert cause_of(shared[0].cookie) is Cause.CLAUSE
    assert shared[0].cookie & 0xFFFFFFFF == 0  # no single rule is behind it
    for source, target in product(range(1, 7), range(7, 11)):
        wanted = 1 if source < 4 and target < 10 else 2 if source > 3 and target > 7 else 0
        assert _deciding(decisions, source, target) == wanted, (source, target)


def test_the_first_decision_wins() -> None:
    decisions = [_decision(1, (1, 2, 3), 7, 8, 9), _decision(2, (3, 4, 5), 7, 8, 9)]
    assert _deciding(decisions, 3, 8) == 1
    assert _deciding(decisions[::-1], 3, 8) == 2


def test_ids_stay_while_other_rules_change() -> None:
    wide = _decision(5, (1, 2, 3), 7, 8, 9)
    before = [f for f in _decided([wide]) if f.match and f.match[0][0] is CONJ_ID]
    more = [_decision(4, (4, 5, 6), 7, 8, 9), wide]
    after = [f for f in _decided(more) if f.match and f.match[0][0] is CONJ_ID]
    assert before[0] in after


def test_too_many_rules_in_one_order_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision, "BAND", 2)
    with pytest.raises(ValueError, match="3 rules in one order"):
        _decided([_decision(n, (1,), 7) for n in range(1, 4)])


def test_ids_are_unique_in_a_table_whatever_the_band() -> None:
    # Open vSwitch looks a satisfied conjunction's id up at every priority: a closure above must
    # not answer for the rule of its number below.
    wide = _decision(5, (1, 2, 3), 7, 8, 9)
    closing = Decision(5, cookie(Cause.CLOSURE, 5), (1, 2, 3), wide.alternatives)
    made = decide(20, (1000, [closing]), (10, [wide]))
    tests = [item.match for item in made.items if isinstance(item, Flow)]
    ids = [test[0] for test in tests if test[0][0] is CONJ_ID]
    assert len(ids) == len(set(ids)) == 2


def test_what_has_not_changed_is_kept() -> None:
    one, two = _decision(1, (1, 2, 3), 7, 8, 9), _decision(2, (4, 5, 6), 8, 9, 10)
    before = decide(20, (10, [one, two]))
    assert decide(20, (10, [one, two]), before=before) is before
    other = _decision(2, (4, 5), 8, 9, 10)
    after = decide(20, (10, [one, other]), before=before)
    assert after.follows is before.token
    assert set(before.parts) - set(after.parts) == set(after.gone)
    assert set(after.parts) - set(before.parts) == set(after.come)
    kept = set(before.parts) & set(after.parts)
    assert {item for part in kept for item in part.items} >= set(_decided([one])[:1])


def test_ids_are_given_out_anew_in_another_order() -> None:
    ways = tuple((_to(*targets),) for targets in ((4, 5, 6), (7, 8, 9), (10, 11, 12)))
    thrice = Decision(7, cookie(Cause.RULE, 7), (1, 2, 3), ways, (), 25)  # its ids reach the next
    decisions = [thrice, _decision(8, (1, 2, 3), 5, 6, 7)]
    before = decide(20, (10, decisions))
    decisions.reverse()
    found = decide(20, (10, decisions), before=before)
    assert program(found.items, ()) == program(decide(20, (10, decisions)).items, ())

"""Decisions over sets cost their sums, keep their order, and share flows where they must."""

from itertools import product

import pytest

from translators.openflow import conjunction
from translators.openflow.conjunction import Decision, decide, levels, masks, transport_tests
from translators.openflow.cookie import Cause, cause_of, cookie
from translators.openflow.fields import CONJ_ID, DESTINATION, SOURCE
from translators.openflow.flow import Conjunction, Flow, Match, match, program
from translators.openflow.simulate import find
from translators.plan.model import PortRange, Transport

CATCH = Flow(20, 0, (), 0)


def _to(*identities: int) -> tuple[Match, ...]:
    return tuple(match((DESTINATION, i)) for i in identities)


def _decision(number: int, sources: tuple[int, ...], *targets: int) -> Decision:
    return Decision(number, cookie(Cause.RULE, number), sources, ((_to(*targets),),), (), 25)


def _deciding(decisions: list[Decision], source: int, target: int) -> int:
    made = program([*decide(20, 10, decisions), CATCH], ())
    flow = find(made, 20, {SOURCE: source, DESTINATION: target})
    assert flow is not None
    return flow.cookie & 0xFFFFFFFF


def test_a_product_of_sets_costs_their_sum() -> None:
    flows = list(decide(20, 10, [_decision(7, tuple(range(50)), *range(100, 150))]))
    assert len(flows) == 50 + 50 + 1


def test_small_products_are_plain_flows() -> None:
    flows = list(decide(20, 10, [_decision(7, (1, 2), 3)]))
    assert [len(flow.match) for flow in flows] == [2, 2]
    assert not any(flow.actions for flow in flows)


def test_conjunctions_that_share_a_match_are_merged() -> None:
    # Disjoint sources share a priority, and their common targets share flows.
    decisions = [_decision(1, (1, 2, 3), 7, 8, 9), _decision(2, (4, 5, 6), 8, 9, 10)]
    flows = list(decide(20, 10, decisions))
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


def test_levels_separate_only_what_some_packet_shares() -> None:
    found = levels(
        [
            _decision(1, (1,), 7),
            _decision(2, (2,), 7),
            _decision(3, (1, 2), 7, 8),
            _decision(4, (3,), 7),
            _decision(5, (1, 2), 9),
        ]
    )
    assert found == [2, 2, 1, 1, 1]


def _ports(number: int, first: int, last: int) -> Decision:
    tests = transport_tests(Transport(protocol=6, ports=(PortRange(first, last),)))
    return Decision(number, number, (1,), ((_to(7), tests),))


def test_short_port_ranges_are_told_apart_and_long_ones_taken_to_meet() -> None:
    assert levels([_ports(1, 8, 11), _ports(2, 80, 80)]) == [1, 1]
    assert levels([_ports(1, 8, 11), _ports(2, 10, 10)]) == [2, 1]
    assert levels([_ports(1, 0, 32767), _ports(2, 40000, 40000)]) == [2, 1]  # safe all the same


def test_a_decision_that_can_match_nothing_is_in_nobody_s_way() -> None:
    assert levels([_decision(1, (1,)), _decision(2, (1,), 7)]) == [1, 1]


def test_ids_stay_while_other_rules_change() -> None:
    wide = _decision(5, (1, 2, 3), 7, 8, 9)
    before = [f for f in decide(20, 10, [wide]) if f.match and f.match[0][0] is CONJ_ID]
    more = [_decision(4, (4, 5, 6), 7, 8, 9), wide]
    after = [f for f in decide(20, 10, more) if f.match and f.match[0][0] is CONJ_ID]
    assert before[0] in after


def test_too_many_rules_in_one_order_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conjunction, "BAND", 2)
    with pytest.raises(ValueError, match="3 rules in one order"):
        list(decide(20, 10, [_decision(n, (1,), 7) for n in range(1, 4)]))


@pytest.mark.parametrize(
    ("first", "last"), [(80, 80), (0, 65535), (1, 65535), (1000, 1003), (5, 6), (80, 8080)]
)
def test_masks_cover_a_range_and_nothing_else(first: int, last: int) -> None:
    pairs = list(masks(PortRange(first, last)))
    for port in {0, 1, first - 1, first, last, last + 1, (first + last) // 2, 65535} - {-1, 65536}:
        held = [v for v, m in pairs if port & (0xFFFFFFFF if m is None else m) == v]
        assert len(held) == (first <= port <= last), port
    assert len(pairs) <= 30


def test_transports_become_matches() -> None:
    assert transport_tests(Transport()) == ((),)
    assert len(transport_tests(Transport(protocol=6))) == 2  # one a family
    assert len(transport_tests(Transport(family=4, protocol=6))) == 1
    assert len(transport_tests(Transport(protocol=1))) == 4  # ICMP and ICMPv6 alike
    assert transport_tests(Transport(protocol=58)) == ()
    ports = (PortRange(80, 80), PortRange(443, 443))
    assert len(transport_tests(Transport(family=6, protocol=6, ports=ports))) == 2

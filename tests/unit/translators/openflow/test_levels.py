"""A decision stands above the later ones that some packet shares with it, and no higher."""

from dataclasses import replace
from random import Random

import pytest

from translators.openflow.decision import Decision, transport_tests
from translators.openflow.fields import DESTINATION
from translators.openflow.flow import Match, match
from translators.openflow.levels import Key, Levels
from translators.openflow.levels import levels as levels_of
from translators.plan.model import PortRange, Transport


def levels(decisions: list[Decision]) -> list[int]:
    """Return the levels, in order."""
    found = levels_of({(one.number, 0): one for one in decisions if one.is_useful}).found
    return [found[one.number, 0] for one in decisions if one.is_useful]


def _to(*identities: int) -> tuple[Match, ...]:
    return tuple(match((DESTINATION, i)) for i in identities)


def _decision(number: int, sources: tuple[int, ...], *targets: int) -> Decision:
    return Decision(number, number, sources, ((_to(*targets),),), (), 25)


def _ports(number: int, first: int, last: int) -> Decision:
    tests = transport_tests(Transport(protocol=6, ports=(PortRange(first, last),)))
    return Decision(number, number, (1,), ((_to(7), tests),))


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


def test_short_port_ranges_are_told_apart_and_long_ones_taken_to_meet() -> None:
    assert levels([_ports(1, 8, 11), _ports(2, 80, 80)]) == [1, 1]
    assert levels([_ports(1, 8, 11), _ports(2, 10, 10)]) == [2, 1]
    assert levels([_ports(1, 0, 32767), _ports(2, 40000, 40000)]) == [2, 1]  # safe all the same


def test_a_decision_that_can_match_nothing_is_in_nobody_s_way() -> None:
    assert levels([_decision(1, (1,)), _decision(2, (1,), 7)]) == [1]


def _random(rng: Random, number: int) -> Decision:
    sources = tuple(sorted(rng.sample(range(8), rng.randint(1, 4))))
    return _decision(number, sources, *rng.sample(range(20, 26), rng.randint(1, 2)))


def _by_definition(decisions: dict[Key, Decision]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for key, one in reversed(decisions.items()):
        mine = {tests for clauses in one.alternatives for clause in clauses for tests in clause}
        met = [0]
        for other, level in found.items():
            rival = decisions[other]
            theirs = {t for clauses in rival.alternatives for clause in clauses for t in clause}
            if set(one.sources) & set(rival.sources) and mine & theirs:
                met.append(level)
        found[key] = 1 + max(met)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_after_any_changes_levels_are_those_of_the_definition(seed: int) -> None:
    rng = Random(seed)
    numbers = list(range(1, 25))
    decisions = {(n, 0): _random(rng, n) for n in numbers if rng.randrange(2)}
    before = Levels()
    for _ in range(12):
        before = levels_of(decisions, before)
        assert before.found == _by_definition(decisions)
        decisions = dict(decisions)
        for number in rng.sample(numbers, rng.randint(1, 3)):
            held = decisions.get((number, 0))
            if held is not None and rng.randrange(2):
                other = _random(rng, number).alternatives
                decisions[number, 0] = replace(held, alternatives=other)
            elif rng.randrange(2):
                decisions.pop((number, 0), None)
            else:
                decisions[number, 0] = _random(rng, number)
        if rng.randrange(3):
            decisions = dict(sorted(decisions.items()))
        else:
            decisions = dict(rng.sample(list(decisions.items()), len(decisions)))


def test_who_shares_sources_is_looked_up_once_while_sources_stay() -> None:
    decisions = {(n, 0): _decision(n, (1, 2), 7) for n in (1, 2)}
    first = levels_of(decisions)
    ports = {**decisions, (1, 0): _decision(1, (1, 2), 8)}
    second = levels_of(ports, first)
    third = levels_of({**ports, (1, 0): _decision(1, (1, 2), 9)}, second)
    assert third.by_source is first.by_source
    assert third.near[1, 2] is second.near[1, 2]

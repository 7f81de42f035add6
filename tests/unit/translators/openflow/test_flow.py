"""Matches and programs have one order; one match cannot mean two things."""

import pytest

from translators.openflow.fields import ETH_TYPE, IN_PORT, SOURCE
from translators.openflow.flow import Flow, Group, Output, match, program


def test_a_match_has_one_spelling() -> None:
    one = match((SOURCE, 1), (IN_PORT, 2), (ETH_TYPE, 0x800))
    assert one == match((ETH_TYPE, 0x800, None), (IN_PORT, 2), (SOURCE, 1))
    assert [test[0] for test in one] == [IN_PORT, ETH_TYPE, SOURCE]


def test_a_program_is_sorted_by_table_and_falling_priority() -> None:
    flows = [Flow(1, 5, (), 0), Flow(0, 1, (), 0), Flow(0, 9, match((SOURCE, 2)), 0)]
    made = program(flows, [Group(9, ()), Group(3, ())])
    assert [(f.table, f.priority) for f in made.flows] == [(0, 9), (0, 1), (1, 5)]
    assert [g.number for g in made.groups] == [3, 9]


def test_the_same_flow_twice_is_one() -> None:
    assert len(program([Flow(0, 1, (), 0), Flow(0, 1, (), 0)], []).flows) == 1


def test_one_match_with_two_meanings_is_refused() -> None:
    with pytest.raises(ValueError, match="share one match"):
        program([Flow(0, 1, (), 0), Flow(0, 1, (), 0, (Output(1),))], [])


def test_a_flow_that_says_nothing_drops() -> None:
    assert Flow(0, 1, (), 0).drops
    assert not Flow(0, 1, (), 0, goto=2).drops

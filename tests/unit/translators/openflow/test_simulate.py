"""The software model: priorities, conjunctions, groups, tracking and NAT."""

from ipaddress import ip_address

import pytest

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    CONJ_ID,
    CT_MARK,
    CT_NEW,
    CT_REPLY,
    CT_STATE,
    CT_TRACKED,
    DESTINATION,
    ETH_TYPE,
    IP_PROTO,
    IPV4_DST,
    PORT,
    SOURCE,
    TCP_DST,
)
from translators.openflow.flow import (
    Bucket,
    Conjunction,
    Flow,
    Group,
    Move,
    Nat,
    Output,
    Program,
    Reflect,
    Resubmit,
    SetField,
    ToGroup,
    Track,
    match,
    program,
)
from translators.openflow.simulate import REFLECTED, Tracked, find, simulate

NONE = cookie(Cause.NONE)


def _program(*flows: Flow, groups: tuple[Group, ...] = ()) -> Program:
    return program(flows, groups)


def test_the_highest_priority_wins_and_a_miss_is_a_bug() -> None:
    made = _program(
        Flow(0, 1, match((SOURCE, 1)), NONE, (Output(1),)),
        Flow(0, 9, match((SOURCE, 1), (PORT, 0x10, 0xF0)), NONE, (Output(2),)),
    )
    assert simulate(made, {SOURCE: 1}).output == 1
    assert simulate(made, {SOURCE: 1, PORT: 0x1F}).output == 2
    with pytest.raises(ValueError, match="table 0"):
        simulate(made, {SOURCE: 2})


def test_a_conjunction_needs_all_its_clauses() -> None:
    made = _program(
        Flow(0, 5, match((SOURCE, 1)), NONE, (Conjunction(8, 0, 2),)),
        Flow(0, 5, match((DESTINATION, 2)), NONE, (Conjunction(8, 1, 2), Conjunction(6, 0, 2))),
        Flow(0, 5, match((CONJ_ID, 8)), NONE, (Output(4),)),
        Flow(0, 0, (), NONE),
    )
    assert simulate(made, {SOURCE: 1, DESTINATION: 2}).output == 4
    assert simulate(made, {SOURCE: 1}).output is None
    assert simulate(made, {DESTINATION: 2}).output is None
    assert find(made, 7, {}) is None


def test_groups_spread_and_go_on() -> None:
    buckets = tuple(Bucket(n, (SetField(DESTINATION, n), Resubmit(20))) for n in (5, 6))
    made = _program(
        Flow(0, 0, (), NONE, (ToGroup(1),)),
        Flow(20, 1, match((DESTINATION, 5)), NONE, (Output(50),)),
        Flow(20, 0, (), NONE),
        groups=(Group(1, buckets),),
    )
    assert [simulate(made, {}, n).output for n in range(3)] == [50, None, 50]
    with pytest.raises(KeyError):
        simulate(_program(Flow(0, 0, (), NONE, (ToGroup(9),))), {})


def test_tracking_shows_the_state_that_it_is_told() -> None:
    new = (CT_STATE, CT_NEW | CT_TRACKED, CT_NEW | CT_TRACKED)
    made = _program(
        Flow(0, 0, (), NONE, (Track(table=11),)),
        Flow(11, 9, match((CT_MARK, 4)), NONE, (Output(4),)),
        Flow(11, 5, match(new), NONE, (Output(1),)),
        Flow(11, 0, (), NONE),
    )
    assert simulate(made, {}).output == 1
    assert simulate(made, {}, found=Tracked(CT_TRACKED | CT_REPLY)).output is None
    assert simulate(made, {}, found=Tracked(CT_TRACKED, 4)).output == 4


def test_nat_and_moves_change_the_packet() -> None:
    to = Nat(ip_address("10.0.0.9"), 8080)
    made = _program(
        Flow(0, 0, (), NONE, (Move(TCP_DST, PORT, 16), Track(commit=True, table=44, nat=to))),
        Flow(44, 0, (), NONE, (Reflect(),)),
    )
    trace = simulate(made, {ETH_TYPE: 0x800, IP_PROTO: 6, IPV4_DST: 1, TCP_DST: 80})
    assert trace.frame[IPV4_DST] == 0x0A000009
    assert (trace.frame[TCP_DST], trace.frame[PORT]) == (8080, 80)
    assert trace.output == REFLECTED
    assert [flow.table for flow in trace.flows] == [0, 44]

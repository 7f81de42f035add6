"""Answers are collected part by part, filtered by owner, and bounded."""

import struct

import pytest

from tests.devices.ovs_bridge import DROP, flow, group
from tests.unit.xds_server.protocols.openflow.test_multipart import flow_desc, group_desc
from xds_server.protocols.openflow import inventory
from xds_server.protocols.openflow.codec import Port, PortReason
from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.inventory import Dump, Owner, Ports, Question, Tally, Xids
from xds_server.protocols.openflow.multipart import HeldFlow, Part
from xds_server.snapshots.model import FlowEntry, FlowKey

OURS, FOREIGN = flow(1), FlowEntry(flow(2).key, 0x77, DROP)


def _part(kind: Part, payload: bytes, more: bool = False) -> bytes:
    return struct.pack("!HHxxxx", kind, int(more)) + payload


def test_the_owner_is_told_by_the_masked_bits_alone() -> None:
    owner = Owner()
    assert owner.owns(0xF5D0 << 48 | 12345)
    assert not owner.owns(0xF5D1 << 48)
    assert Owner(0x12 << 56, 0xFF << 56).owns(0x12FF << 48)


def test_a_dump_keeps_our_flows_and_every_group() -> None:
    dump = Dump(Owner())
    both = flow_desc(HeldFlow(OURS, 1, 2)) + flow_desc(HeldFlow(FOREIGN, 1, 2))
    assert dump.flows_listed(both) == 2
    assert dump.groups_listed(group_desc(group(7, 1))) == 1
    assert dump.held().flows == {OURS.key: OURS}
    assert dump.held().groups == {7: group(7, 1)}


def test_a_dump_takes_over_what_is_as_it_should_be() -> None:
    wanted = {OURS.key: OURS}
    dump, other = Dump(Owner(), wanted), OURS._replace(instructions=DROP + bytes(8))
    dump.flows_listed(flow_desc(HeldFlow(OURS, 1, 2)))
    assert dump.flows[OURS.key] is OURS
    dump.flows_listed(flow_desc(HeldFlow(other, 1, 2)))
    assert dump.flows == {OURS.key: other}


def test_counters_of_one_cookie_are_summed_by_table() -> None:
    tally = Tally()
    other = FlowEntry(flow(9).key, OURS.cookie, DROP)
    later = FlowEntry(OURS.key._replace(table=OURS.key.table + 1), OURS.cookie, DROP)
    held = (HeldFlow(OURS, 1, 60), HeldFlow(other, 2, 140), HeldFlow(later, 5, 500))
    assert tally.flows_listed(b"".join(map(flow_desc, held))) == 3
    assert tally.flows == {
        (OURS.key.table, OURS.cookie): (3, 200),
        (OURS.key.table + 1, OURS.cookie): (5, 500),
    }
    assert tally.counters().of(OURS.cookie) == (8, 700)


def test_a_question_is_answered_by_its_last_part() -> None:
    dump = Dump(Owner())
    question = Question(Part.GROUP_DESC, dump.groups_listed, "groups")
    assert not question.answered(_part(Part.GROUP_DESC, group_desc(group(7, 1)), more=True))
    assert question.answered(_part(Part.GROUP_DESC, group_desc(group(8, 1))))
    assert sorted(dump.groups) == [7, 8]


def test_an_answer_to_another_question_is_refused() -> None:
    question = Question(Part.GROUP_DESC, Dump(Owner()).groups_listed, "groups")
    with pytest.raises(ProtocolError, match="asked for GROUP_DESC"):
        question.answered(_part(Part.FLOW_DESC, b""))


def test_an_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "_MOST_OBJECTS", 3)
    question = Question(Part.GROUP_DESC, Dump(Owner()).groups_listed, "groups")
    endless = _part(Part.GROUP_DESC, group_desc(group(7, 1)) * 2, more=True)
    question.answered(endless)
    with pytest.raises(ProtocolError, match="more than 3 objects"):
        question.answered(endless)


def test_ports_follow_their_status() -> None:
    ports = Ports()
    assert ports.changed(PortReason.ADD, Port(1, "web", b"", 0, 0))
    assert not ports.changed(PortReason.MODIFY, Port(1, "web", b"", 1, 1))
    assert ports.changed(PortReason.MODIFY, Port(1, "www", b"", 1, 1))
    assert ports.by_name() == {"www": 1}
    assert ports.changed(PortReason.DELETE, Port(1, "www", b"", 0, 0))
    assert not ports.changed(PortReason.DELETE, Port(1, "www", b"", 0, 0))


def test_ports_cannot_be_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "_MOST_PORTS", 1)
    ports = Ports()
    ports.changed(PortReason.ADD, Port(1, "a", b"", 0, 0))
    with pytest.raises(ProtocolError, match="more than 1 ports"):
        ports.changed(PortReason.ADD, Port(2, "b", b"", 0, 0))


def test_transaction_ids_are_given_out_in_a_row() -> None:
    xids = Xids()
    assert [xids.take(), xids.take(3), xids.take()] == [1, 2, 5]


@pytest.mark.parametrize("count", [1, 1000])
def test_ids_of_one_transaction_never_wrap_around(count: int) -> None:
    xids = Xids()
    xids.take(0xFFFFFFFF - 500)
    first = xids.take(1000)
    assert first + 1000 <= 0xFFFFFFFF
    assert first >= 1
    assert xids.take(count) > first


def test_spared_tables_are_others_even_where_everything_is_ours() -> None:
    owner = Owner(spared=frozenset({7}))
    everyone = owner.everyone()
    strange = [FlowEntry(FlowKey(table, 1, b""), 0x77, b"") for table in (6, 7)]
    assert [owner.takes(flow) for flow in strange] == [False, False]
    assert [everyone.takes(flow) for flow in strange] == [True, False]
    ours = FlowEntry(FlowKey(7, 1, b""), owner.cookie, b"")
    assert owner.takes(ours)  # a flow of ours is ours wherever it is

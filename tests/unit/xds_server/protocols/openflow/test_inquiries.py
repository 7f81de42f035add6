"""Questions that are answered by parts, in any order, or not at all."""

import struct

from tests.devices.ovs_bridge import flow, group
from tests.unit.xds_server.protocols.openflow.test_counters import meter_stats, queue_stats
from tests.unit.xds_server.protocols.openflow.test_multipart import flow_desc, group_desc
from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.drift import Contents
from xds_server.protocols.openflow.effects import Counted, Inspected, Send
from xds_server.protocols.openflow.framing import Framer
from xds_server.protocols.openflow.inquiries import Inquiries
from xds_server.protocols.openflow.inventory import Owner, Xids
from xds_server.protocols.openflow.multipart import HeldFlow, Part
from xds_server.snapshots.model import FlowEntry

FOREIGN = FlowEntry(flow(9).key, 0x77, b"")


def _body(part: Part, payload: bytes, more: bool = False) -> bytes:
    return struct.pack("!HHxxxx", part, int(more)) + payload


def _flows(*flows: FlowEntry) -> bytes:
    return b"".join(flow_desc(HeldFlow(one, 3, 300)) for one in flows)


def _inspection() -> tuple[Inquiries, dict[Part, int]]:
    inquiries = Inquiries(Owner(), Xids())
    (sent,) = inquiries.inspect(4)
    assert isinstance(sent, Send)
    asked = Framer().feed(sent.data)
    return inquiries, {Part(int.from_bytes(m.body[:2], "big")): m.xid for m in asked}


def test_everything_is_listed_whoever_wrote_it() -> None:
    inquiries, xids = _inspection()
    flows = xids[Part.FLOW_DESC]
    assert inquiries.answer(flows, _body(Part.FLOW_DESC, _flows(flow(1)), more=True)) == []
    assert inquiries.answer(flows, _body(Part.FLOW_DESC, _flows(FOREIGN))) == []
    assert inquiries.answer(xids[Part.METER_DESC], _body(Part.METER_DESC, b"")) == []
    told = inquiries.answer(xids[Part.GROUP_DESC], _body(Part.GROUP_DESC, group_desc(group(7, 1))))
    contents = Contents({f.key: f for f in (flow(1), FOREIGN)}, {7: group(7, 1)})
    assert told == [Inspected(4, contents)]
    assert inquiries.answer(flows, b"") is None


def test_a_refused_half_ends_the_whole() -> None:
    inquiries, xids = _inspection()
    assert inquiries.failed(xids[Part.GROUP_DESC]) == [Inspected(4, None)]
    assert inquiries.failed(xids[Part.FLOW_DESC]) is None
    assert inquiries.answer(xids[Part.FLOW_DESC], b"") is None


def _counting(metered: bool) -> tuple[Inquiries, dict[Part, int]]:
    inquiries = Inquiries(Owner(), Xids())
    (sent,) = inquiries.count(9, metered)
    assert isinstance(sent, Send)
    asked = Framer().feed(sent.data)
    return inquiries, {Part(int.from_bytes(m.body[:2], "big")): m.xid for m in asked}


def test_counters_are_summed_by_table_and_cookie() -> None:
    inquiries, xids = _counting(metered=False)
    assert set(xids) == {Part.FLOW_DESC, Part.QUEUE_STATS}
    inquiries.answer(xids[Part.QUEUE_STATS], _body(Part.QUEUE_STATS, b""))
    both = _body(Part.FLOW_DESC, _flows(flow(1), flow(2)))
    told = inquiries.answer(xids[Part.FLOW_DESC], both)
    place = (flow(1).key.table, flow(1).cookie)
    assert told == [Counted(9, Counters({place: (6, 600)}))]


def test_meters_and_queues_are_asked_for_in_the_same_breath() -> None:
    inquiries, xids = _counting(metered=True)
    flows = _body(Part.FLOW_DESC, _flows(flow(1)))
    meters = _body(Part.METER_STATS, meter_stats(7, (4, 400)))
    queues = _body(Part.QUEUE_STATS, queue_stats(3, 7, 5))
    assert inquiries.answer(xids[Part.FLOW_DESC], flows) == []
    assert inquiries.answer(xids[Part.QUEUE_STATS], queues) == []
    told = inquiries.answer(xids[Part.METER_STATS], meters)
    place = (flow(1).key.table, flow(1).cookie)
    assert told == [Counted(9, Counters({place: (3, 300)}, {7: (4, 400)}, {(3, 7): 5}))]


def test_a_bridge_that_tells_of_no_queues_has_counted_all_the_same() -> None:
    inquiries, xids = _counting(metered=False)
    assert inquiries.failed(xids[Part.QUEUE_STATS]) == []
    told = inquiries.answer(xids[Part.FLOW_DESC], _body(Part.FLOW_DESC, _flows(flow(1))))
    place = (flow(1).key.table, flow(1).cookie)
    assert told == [Counted(9, Counters({place: (3, 300)}))]
    inquiries, xids = _counting(metered=False)
    assert inquiries.failed(xids[Part.FLOW_DESC]) == [Counted(9, Counters())]
    assert inquiries.failed(xids[Part.QUEUE_STATS]) is None

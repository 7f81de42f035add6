"""Requests as another codec writes them; replies read back whole, or refused."""

import importlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.devices.ovs_bridge import apply, flow, group, output
from xds_server.protocols.openflow import multipart
from xds_server.protocols.openflow.codec import pad8
from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.multipart import HeldFlow, TableStats
from xds_server.snapshots.model import FlowEntry, FlowKey, GroupEntry, MeterEntry

OFP = importlib.import_module("os_ken.ofproto.ofproto_v1_5")
PARSER = importlib.import_module("os_ken.ofproto.ofproto_v1_5_parser")
PROTOCOL = importlib.import_module("os_ken.ofproto.ofproto_protocol")
DATAPATH = PROTOCOL.ProtocolDesc(version=OFP.OFP_VERSION)


def flow_desc(held: HeldFlow) -> bytes:
    """Return a flow description as a bridge sends it (OpenFlow 1.5.1 section 7.3.5.2)."""
    key, span = held.entry.key, 4 + len(held.entry.key.match)
    stats = b"".join(
        struct.pack("!HBBQ", 0x8002, number << 1, 8, value)
        for number, value in ((4, held.packets), (5, held.bytes))
    )
    stats = struct.pack("!HH", 0, 4 + len(stats)) + stats + bytes(pad8(4 + len(stats)))
    match = struct.pack("!HH", 1, span) + key.match + bytes(pad8(span))
    length = 24 + len(match) + len(stats) + len(held.entry.instructions)
    head = struct.pack(
        "!HxxBxHHHHHQ", length, key.table, key.priority, 0, 0, 0, 0, held.entry.cookie
    )
    return head + match + stats + held.entry.instructions


def group_desc(entry: GroupEntry) -> bytes:
    """Return a group description as a bridge sends it (section 7.3.5.11)."""
    length = 16 + len(entry.buckets) + len(entry.properties)
    head = struct.pack("!HBxIHxxxxxx", length, entry.kind, entry.number, len(entry.buckets))
    return head + entry.buckets + entry.properties


def meter_desc(entry: MeterEntry) -> bytes:
    """Return a meter description as a bridge sends it (section 7.3.5.14)."""
    return struct.pack("!HHI", 8 + len(entry.bands), entry.flags, entry.number) + entry.bands


FLOWS = st.builds(
    HeldFlow,
    st.builds(
        FlowEntry,
        st.builds(FlowKey, st.integers(0, 254), st.integers(0, 65535), st.binary(max_size=30)),
        st.integers(0, 2**64 - 1),
        st.integers(0, 5).map(lambda words: bytes(8 * words)),
    ),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (multipart.ports_request(9), PARSER.OFPPortDescStatsRequest(DATAPATH, 0)),
        (multipart.tables_request(9), PARSER.OFPTableStatsRequest(DATAPATH, 0)),
        (
            multipart.groups_request(9),
            PARSER.OFPGroupDescStatsRequest(DATAPATH, 0, OFP.OFPG_ALL),
        ),
        (
            multipart.meters_request(9),
            PARSER.OFPMeterDescStatsRequest(DATAPATH, 0, OFP.OFPM_ALL),
        ),
        (
            multipart.flows_request(9, 0xF5D0 << 48, 0xFFFF << 48),
            PARSER.OFPFlowDescStatsRequest(
                DATAPATH, cookie=0xF5D0 << 48, cookie_mask=0xFFFF << 48, match=PARSER.OFPMatch()
            ),
        ),
    ],
)
def test_we_ask_as_another_codec_asks(ours: bytes, theirs: object) -> None:
    theirs.xid = 9  # type: ignore[attr-defined]
    theirs.serialize()  # type: ignore[attr-defined]
    assert ours == bytes(theirs.buf)  # type: ignore[attr-defined]


@given(flows=st.lists(FLOWS, max_size=4))
def test_flows_are_read_back_whole(flows: list[HeldFlow]) -> None:
    body = b"".join(map(flow_desc, flows))
    assert list(multipart.decode_flows(body)) == flows
    assert list(multipart.decode_entries(body)) == [one.entry for one in flows]


@given(
    groups=st.lists(st.builds(GroupEntry, st.integers(0, 9), st.just(1), st.binary(), st.binary()))
)
def test_groups_are_read_back_whole(groups: list[GroupEntry]) -> None:
    assert list(multipart.decode_groups(b"".join(map(group_desc, groups)))) == groups


def test_tables_are_read() -> None:
    body = struct.pack("!BxxxIQQ", 20, 5, 100, 90) + struct.pack("!BxxxIQQ", 21, 0, 1, 0)
    assert multipart.decode_tables(body) == [TableStats(20, 5, 100, 90), TableStats(21, 0, 1, 0)]
    with pytest.raises(ProtocolError):
        multipart.decode_tables(body[:-1])


def test_a_part_tells_its_kind_and_whether_more_follow() -> None:
    assert multipart.decode_part(struct.pack("!HHxxxx", 1, 1) + b"x") == (1, True, b"x")
    with pytest.raises(ProtocolError, match="no header"):
        multipart.decode_part(b"\0\1")


HELD = HeldFlow(flow(53, apply(output(2)), cookie=3), 7, 700)


@given(cut=st.integers(1, len(flow_desc(HELD)) - 1))
def test_a_flow_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ProtocolError):
        list(multipart.decode_flows(flow_desc(HELD)[:cut]))


@given(place=st.integers(0, len(flow_desc(HELD)) - 1), value=st.integers(0, 255))
def test_a_flow_with_one_wrong_byte_never_surprises(place: int, value: int) -> None:
    body = bytearray(flow_desc(HELD))
    body[place] = value
    try:
        (found,) = multipart.decode_flows(bytes(body))
        assert isinstance(found, HeldFlow)
    except ProtocolError as error:
        assert str(error)  # noqa: PT017


@given(body=st.binary(max_size=300))
def test_hostile_bytes_end_in_the_protocol_error_alone(body: bytes) -> None:
    for decode in (multipart.decode_flows, multipart.decode_groups, multipart.decode_tables):
        try:
            assert list(decode(body)) is not None
        except ProtocolError as error:
            assert str(error)  # noqa: PT017


@given(cut=st.integers(1, len(group_desc(group(7, 2))) - 1))
def test_a_group_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ProtocolError):
        list(multipart.decode_groups(group_desc(group(7, 2))[:cut]))


def test_meters_are_read_back_and_a_wrong_length_is_refused() -> None:
    both = [MeterEntry(7, 13, bytes(16)), MeterEntry(9, 1, b"")]
    listed = b"".join(map(meter_desc, both))
    assert list(multipart.decode_meters(listed)) == both
    for wrong in (listed[:-1], listed[:4], struct.pack("!HHI", 4, 0, 1)):
        with pytest.raises(ProtocolError):
            list(multipart.decode_meters(wrong))

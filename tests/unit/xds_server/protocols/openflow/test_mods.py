"""Flow-mods and group-mods, byte for byte as another codec writes them."""

import importlib
import struct

import pytest

from tests.devices.ovs_bridge import apply, flow, group, output, to_group
from xds_server.protocols.openflow.errors import TooLargeError
from xds_server.protocols.openflow.mods import (
    FlowCommand,
    GroupCommand,
    bundled,
    bundled_flow_mod,
    flow_mod,
    group_mod,
)
from xds_server.snapshots.model import FlowEntry, FlowKey, GroupEntry

OFP = importlib.import_module("os_ken.ofproto.ofproto_v1_5")
PARSER = importlib.import_module("os_ken.ofproto.ofproto_v1_5_parser")
PROTOCOL = importlib.import_module("os_ken.ofproto.ofproto_protocol")
DATAPATH = PROTOCOL.ProtocolDesc(version=OFP.OFP_VERSION)
MATCH = PARSER.OFPMatch(eth_type=0x0800, ip_proto=17, udp_dst=53)


def _bytes(message: object) -> bytes:
    message.xid = 9  # type: ignore[attr-defined]
    message.serialize()  # type: ignore[attr-defined]
    return bytes(message.buf)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", list(FlowCommand))
@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 60_000])
def test_a_flow_goes_into_a_bundle_in_one_step_as_in_two(command: FlowCommand, size: int) -> None:
    entry = FlowEntry(FlowKey(53, 65535, b"m" * size), 1 << 63 | 7, apply(output(2)))
    assert bundled_flow_mod(3, 9, command, entry) == bundled(3, flow_mod(9, command, entry), entry)
    huge = FlowEntry(FlowKey(53, 1, b""), 0, bytes(70_000))
    with pytest.raises(TooLargeError):
        bundled_flow_mod(3, 9, FlowCommand.ADD, huge)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (apply(output(2)), [PARSER.OFPActionOutput(2, 0)]),
        (apply(to_group(7)), [PARSER.OFPActionGroup(7)]),
    ],
)
def test_an_added_flow_is_what_another_codec_writes(ours: bytes, theirs: list[object]) -> None:
    instructions = [PARSER.OFPInstructionActions(OFP.OFPIT_APPLY_ACTIONS, theirs)]
    expected = PARSER.OFPFlowMod(
        DATAPATH,
        cookie=0xF5D0 << 48 | 3,
        table_id=4,
        priority=100,
        out_port=OFP.OFPP_ANY,
        out_group=OFP.OFPG_ANY,
        match=MATCH,
        instructions=instructions,
    )
    entry = flow(53, ours, cookie=3, table=4)
    assert flow_mod(9, FlowCommand.ADD, entry) == _bytes(expected)


def test_a_deletion_names_the_flow_strictly_and_its_whole_cookie() -> None:
    expected = PARSER.OFPFlowMod(
        DATAPATH,
        cookie=0xF5D0 << 48 | 3,
        cookie_mask=2**64 - 1,
        command=OFP.OFPFC_DELETE_STRICT,
        priority=100,
        out_port=OFP.OFPP_ANY,
        out_group=OFP.OFPG_ANY,
        match=MATCH,
    )
    entry = flow(53, apply(output(1)), cookie=3)
    assert flow_mod(9, FlowCommand.DELETE_STRICT, entry) == _bytes(expected)


@pytest.mark.parametrize("command", GroupCommand)
def test_a_group_is_what_another_codec_writes(command: GroupCommand) -> None:
    bucket = PARSER.OFPBucket(bucket_id=0, actions=[PARSER.OFPActionOutput(2, 0)])
    buckets = [] if command is GroupCommand.DELETE else [bucket]
    expected = PARSER.OFPGroupMod(
        DATAPATH, int(command), OFP.OFPGT_INDIRECT, 7, OFP.OFPG_BUCKET_ALL, buckets
    )
    assert group_mod(9, command, group(7, 2)) == _bytes(expected)


def test_a_bundle_carries_the_message_and_its_xid() -> None:
    inner = flow_mod(9, FlowCommand.ADD, flow(53))
    outer = bundled(5, inner, flow(53))
    assert outer[:16] == struct.pack("!BBHIIxxH", 6, 34, len(outer), 9, 5, 3)
    assert outer[16:] == inner


@pytest.mark.parametrize("size", [65_500, 70_000])
def test_what_does_not_fit_is_named(size: int) -> None:
    wide = FlowEntry(FlowKey(0, 1, b""), 1, bytes(size))
    with pytest.raises(TooLargeError) as caught:
        bundled(1, flow_mod(9, FlowCommand.ADD, wide), wide)
    assert caught.value.subject is wide
    crowd = GroupEntry(7, 1, bytes(size), b"")
    with pytest.raises(TooLargeError) as caught:
        bundled(1, group_mod(9, GroupCommand.ADD, crowd), crowd)
    assert caught.value.subject is crowd

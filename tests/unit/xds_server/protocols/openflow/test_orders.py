"""Orders as bytes; Open vSwitch's own tools say what they mean."""

import subprocess
from ipaddress import ip_address

import pytest

from xds_server.protocols.openflow.orders import (
    CtFlush,
    Order,
    PacketOut,
    ShortFlow,
    Tuple,
    encode_orders,
)
from xds_server.snapshots.model import FlowEntry, FlowKey

FOUR = Tuple(6, ip_address("10.0.0.1"), 1, ip_address("10.0.0.9"), 80)
SIX = Tuple(17, ip_address("fd10::1"), 5, ip_address("fd10::9"), 53)


def _said(order: Order) -> str:
    data = encode_orders([order], 7).hex()
    done = subprocess.run(
        ["ovs-ofctl", "ofp-print", data, "2"], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(("family", "one"), [(4, FOUR), (6, SIX)])
def test_a_flush_names_the_connection(family: int, one: Tuple) -> None:
    said = _said(CtFlush(5, one))
    assert said.startswith("NXT_CT_FLUSH (OF1.5) (xid=0x7)")
    assert "zone=5" in said
    source = "ct_nw_src" if family == 4 else "ct_ipv6_src"
    assert f"{source}={one.source}" in said
    assert f"ct_tp_src={one.source_port},ct_tp_dst={one.destination_port}" in said
    assert f"ct_nw_proto={one.protocol}" in said


def test_a_flush_is_what_open_vswitchs_own_tool_sends() -> None:
    told = bytes.fromhex(
        "06040068000000020000232000000020060000000000000000000048000000000000001400000000000000"
        "000000ffff0a000001000000000001001400000000000000000000ffff0a00000900000000000200080001"
        "000000030008005000000002000800050000"
    )
    assert encode_orders([CtFlush(5, FOUR)], 2) == told


def test_a_packet_goes_through_a_table_in_its_segment() -> None:
    said = _said(PacketOut(bytes(60), 40, 5))
    assert "PACKET_OUT" in said
    assert "in_port=CONTROLLER" in said
    assert "reg0=0x5" in said
    assert "actions=resubmit(CONTROLLER,40)" in said or "actions=resubmit(,40)" in said


def test_a_short_flow_goes_by_itself() -> None:
    match = bytes.fromhex("80000a020800")
    said = _said(ShortFlow(FlowEntry(FlowKey(11, 210, match), 0xF5D0002900000001, b""), 60))
    assert "idle:60" in said
    assert "actions=drop" in said


def test_each_order_has_an_xid_of_its_own() -> None:
    data = encode_orders([CtFlush(5, FOUR), CtFlush(6, FOUR)], 9)
    half = len(data) // 2
    assert [data[4:8], data[half + 4 : half + 8]] == [bytes([0, 0, 0, 9]), bytes([0, 0, 0, 10])]

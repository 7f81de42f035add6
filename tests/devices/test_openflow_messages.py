"""Open vSwitch's own printer reads our messages as we mean them."""

import subprocess

import pytest

from tests.devices.ovs_bridge import apply, flow, group, output, to_group
from xds_server.protocols.openflow import codec, multipart
from xds_server.protocols.openflow.codec import BundleStep, Role
from xds_server.protocols.openflow.framing import Type, frame
from xds_server.protocols.openflow.mods import (
    FlowCommand,
    GroupCommand,
    bundled,
    flow_mod,
    group_mod,
)

pytestmark = pytest.mark.device

ENTRY = flow(53, apply(output(2), to_group(7)), cookie=3, table=4)
ADD = flow_mod(9, FlowCommand.ADD, ENTRY)


def _printed(message: bytes) -> str:
    command = ["ovs-ofctl", "ofp-print", message.hex()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (codec.hello(9), ["OFPT_HELLO (OF1.5)", "version bitmap: 0x06"]),
        (frame(Type.FEATURES_REQUEST, 9), ["OFPT_FEATURES_REQUEST (OF1.5) (xid=0x9)"]),
        (frame(Type.BARRIER_REQUEST, 9), ["OFPT_BARRIER_REQUEST (OF1.5) (xid=0x9)"]),
        (codec.no_miss_send(9), ["OFPT_SET_CONFIG", "frags=normal miss_send_len=0"]),
        (codec.role_request(9, Role.PRIMARY, 41), ["role=primary", "generation_id=41"]),
        (codec.incompatible(9, "no"), ["OFPT_ERROR", "OFPHFC_INCOMPATIBLE", "no"]),
        (
            codec.bundle_control(9, 5, BundleStep.OPEN_REQUEST),
            ["bundle_id=0x5 type=OPEN_REQUEST flags=atomic ordered"],
        ),
        (
            codec.bundle_control(9, 5, BundleStep.DISCARD_REQUEST),
            ["type=DISCARD_REQUEST flags=atomic ordered"],
        ),
        (
            bundled(5, ADD, ENTRY),
            ["OFPT_BUNDLE_ADD_MESSAGE (OF1.5) (xid=0x9)", "bundle_id=0x5 flags=atomic ordered"],
        ),
        (
            ADD,
            [
                "ADD table:4 priority=100,udp,tp_dst=53 cookie:0xf5d0000000000003",
                "actions=output:2,group:7",
            ],
        ),
        (
            flow_mod(9, FlowCommand.DELETE_STRICT, ENTRY),
            [
                "DEL_STRICT table:4 priority=100,udp,tp_dst=53",
                "cookie:0xf5d0000000000003/0xffffffffffffffff",
            ],
        ),
        (
            group_mod(9, GroupCommand.ADD, group(7, 2)),
            ["ADD group_id=7,type=indirect,bucket=bucket_id:0,actions=output:2"],
        ),
        (group_mod(9, GroupCommand.DELETE, group(7, 2)), ["DEL group_id=7"]),
        (multipart.ports_request(9), ["OFPST_PORT_DESC request (OF1.5) (xid=0x9): port=ANY"]),
        (multipart.groups_request(9), ["OFPST_GROUP_DESC request (OF1.5) (xid=0x9)"]),
        (multipart.tables_request(9), ["OFPST_TABLE request (OF1.5) (xid=0x9)"]),
        (
            multipart.flows_request(9, 0xF5D0 << 48, 0xFFFF << 48),
            ["OFPST_FLOW request (OF1.5) (xid=0x9)"],
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_open_vswitch_reads_what_we_mean(message: bytes, expected: list[str]) -> None:
    printed = _printed(message)
    for text in expected:
        assert text in printed, printed
    assert "***decode error" not in printed

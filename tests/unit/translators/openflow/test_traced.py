"""Traces are read as Open vSwitch 3.1 prints them."""

import pytest

from translators.openflow.fields import (
    CT_ESTABLISHED,
    CT_TRACKED,
    ETH_DST,
    ETH_TYPE,
    IN_PORT,
    IP_PROTO,
    IPV4_DST,
    TCP_DST,
    TCP_FLAGS,
    TUN_DST,
    TUN_ID,
)
from translators.openflow.simulate import REFLECTED
from translators.openflow.traced import TraceError, flow_text, read_trace, states_text

SENT = {IN_PORT: 2, ETH_TYPE: 0x800, IP_PROTO: 6, IPV4_DST: 0x0A0A0AC8, TCP_DST: 80, TCP_FLAGS: 2}
TUNNELED = """\
Flow: tcp,in_port=2,nw_dst=10.10.10.200,tp_dst=80,tcp_flags=syn

bridge("br-int")
----------------
 0. in_port=2, priority 100, cookie 0xf5d0000100000001
    set_field:0x1->reg0
    goto_table:13
13. ip,reg3=0x2, priority 50, cookie 0xf5d0000400000002
    group:4
     -> using bucket 7
    bucket 7
            resubmit(,44)
        44. reg2=0x4, priority 100, cookie 0xf5d0001300000004
            set_field:02:00:00:00:00:04->eth_dst
            set_field:0x271a->tun_id
            output:1
             -> output to native tunnel
             -> tunneling to 10.255.1.2 via br-phy

bridge("br-phy")
-----------------
 0. priority 0
    NORMAL
     -> forwarding to learned port

Final flow: tcp,tun_dst=10.255.1.2,dl_dst=02:00:00:00:00:04,nw_dst=10.10.0.31,nw_tos=0,tp_dst=8080
Megaflow: recirc_id=0,eth,ip,in_port=2
Datapath actions: set(eth(dst=02:00:00:00:00:04)),tnl_push(tnl_port(4),header(size=50)),1
"""
DROPPED = """\
Flow: tcp,in_port=2

bridge("br-int")
----------------
 0. in_port=2, priority 65535
    goto_table:100
100. No match.
    drop

Final flow: unchanged
Datapath actions: drop
"""


def test_a_way_into_the_tunnel_is_read_without_the_bridge_below() -> None:
    found = read_trace(TUNNELED, SENT)
    assert [(one.table, one.priority) for one in found.met] == [(0, 100), (13, 50), (44, 100)]
    assert found.met[1].cookie == 0xF5D0000400000002
    assert (found.output, found.ends, found.bucket) == (1, "output:1", 7)
    left = found.frame
    assert (left[TUN_ID], left[TUN_DST]) == (0x271A, 0x0AFF0102)
    assert (left[IPV4_DST], left[TCP_DST]) == (0x0A0A001F, 8080)
    assert left[ETH_DST] == 0x020000000004


def test_a_drop_a_table_without_a_match_and_a_foreign_flow_are_read() -> None:
    found = read_trace(DROPPED, SENT)
    assert (found.output, found.ends, found.bucket) == (None, "dropped", None)
    foreign, miss = found.met
    assert (foreign.priority, foreign.cookie) == (65535, 0)
    assert (miss.table, miss.text, miss.priority) == (100, "no flow matches", None)
    assert found.frame == SENT


@pytest.mark.parametrize(
    ("acts", "output", "ends"),
    [
        ("    output:1\n    output:3\n", None, "output:1, output:3"),
        ("    IN_PORT\n", REFLECTED, "in_port"),
        ("    output:LOCAL\n", None, "output:LOCAL"),
        ("    NORMAL\n", None, "datapath actions 5"),
    ],
)
def test_every_way_out_is_named(acts: str, output: int | None, ends: str) -> None:
    text = DROPPED.replace("    drop\n", acts).replace(
        "Datapath actions: drop", "Datapath actions: 5"
    )
    found = read_trace(text, SENT)
    assert (found.output, found.ends) == (output, ends)


def test_what_only_the_controller_gets_is_named() -> None:
    acts = "meter(0),userspace(pid=0,controller(reason=1,dont_send=0,max_len=128))"
    found = read_trace(DROPPED.replace("actions: drop", f"actions: {acts}"), SENT)
    assert (found.output, found.ends) == (None, "controller")


@pytest.mark.parametrize("text", ["", "Unknown bridge", TUNNELED.partition("Datapath")[0]])
def test_what_is_no_trace_is_refused(text: str) -> None:
    with pytest.raises(TraceError, match="without 'Datapath actions'"):
        read_trace(text, SENT)


def test_a_packet_is_written_with_its_prerequisites_first() -> None:
    told = flow_text(SENT)
    assert (
        told == "eth_type=0x800,nw_proto=6,in_port=2,ip_dst=10.10.10.200,tcp_dst=80,tcp_flags=0x2"
    )
    assert states_text(CT_ESTABLISHED | CT_TRACKED) == "est,trk"

"""Programs read as ovs-ofctl writes them."""

from ipaddress import ip_address

import pytest

from translators.openflow.fields import (
    ARP_SPA,
    CT_MARK,
    CT_NEW,
    CT_STATE,
    CT_TRACKED,
    ETH_TYPE,
    IP_PROTO,
    IPV6_SRC,
    PORT,
    SCRATCH,
    SOURCE,
    TCP_DST,
    TCP_FLAGS,
)
from translators.openflow.flow import (
    Act,
    Bucket,
    Conjunction,
    DecTtl,
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
)
from translators.openflow.render import (
    render,
    render_action,
    render_flow,
    render_group,
    render_match,
)


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (SetField(SOURCE, 5), "set_field:0x5->reg1"),
        (Move(TCP_DST, PORT, 16), "move:NXM_OF_TCP_DST[]->NXM_NX_REG4[0..15]"),
        (Move(SCRATCH, ARP_SPA, 32), "move:NXM_NX_REG7[]->NXM_OF_ARP_SPA[]"),
        (Output(3), "output:3"),
        (Reflect(), "in_port"),
        (DecTtl(), "dec_ttl"),
        (Resubmit(20), "resubmit(,20)"),
        (ToGroup(9), "group:9"),
        (Conjunction(8, 0, 2), "conjunction(8,1/2)"),
        (Track(table=11, nat=Nat()), "ct(table=11,zone=NXM_NX_REG0[0..15],nat)"),
        (
            Track(True, 44, Nat(ip_address("fd10::1"), 80), (SetField(CT_MARK, 4),)),
            "ct(commit,table=44,zone=NXM_NX_REG0[0..15],nat(dst=[fd10::1]:80),"
            "exec(set_field:0x4->ct_mark))",
        ),
    ],
)
def test_actions(action: Act, text: str) -> None:
    assert render_action(action) == text


def test_matches_with_flags_and_masks() -> None:
    tests = match(
        (ETH_TYPE, 0x800),
        (IP_PROTO, 6),
        (TCP_FLAGS, 0x002, 0x012),
        (CT_STATE, CT_NEW | CT_TRACKED, CT_NEW | CT_TRACKED),
        (PORT, 0x50, 0xFFFFFFF0),
    )
    assert render_match(tests) == (
        "eth_type=0x0800,nw_proto=6,tcp_flags=+syn-ack,reg4=0x50/0xfffffff0,ct_state=+new+trk"
    )


def test_a_flow_that_does_nothing_says_drop() -> None:
    assert render_flow(Flow(3, 0, (), 1)) == "cookie=0x1,table=3,priority=0 actions=drop"
    assert render_flow(Flow(3, 0, (), 1, goto=4)).endswith("actions=goto_table:4")


def test_groups_come_before_the_flows_that_need_them() -> None:
    group = Group(2, (Bucket(7, (SetField(SOURCE, 1), Resubmit(20))),))
    text = render(Program((Flow(0, 1, (), 0, (ToGroup(2),)),), (group,)))
    assert text.splitlines() == [
        "group group_id=2,type=select,selection_method=dp_hash,"
        "bucket=bucket_id:7,weight:1,actions=set_field:0x1->reg1,resubmit(,20)",
        "flow cookie=0x0,table=0,priority=1 actions=group:2",
    ]


def test_a_group_that_hashes_fields_names_them() -> None:
    line = render_group(Group(2, (Bucket(7, ()),), (IPV6_SRC,)))
    assert line.startswith("group_id=2,type=select,selection_method=hash,fields(ipv6_src),bucket=")

"""Matches as Open vSwitch prints them are those that we sent."""

import pytest

from translators.openflow.fields import (
    CT_STATE,
    ETH_TYPE,
    ICMP_TYPE,
    ICMPV6_TYPE,
    IP_PROTO,
    IPV4_SRC,
    IPV6_DST,
    METADATA,
    SEGMENT,
    TCP_DST,
    TCP_FLAGS,
    UDP_SRC,
    Field,
)
from translators.openflow.match_text import match_of, number_of


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("reg0=0x1/0xffff,metadata=0x7", [(METADATA, 7, None), (SEGMENT, 1, 0xFFFF)]),
        ("tcp,tp_dst=80", [(ETH_TYPE, 0x800, None), (IP_PROTO, 6, None), (TCP_DST, 80, None)]),
        (
            "icmp,icmp_type=8",
            [(ETH_TYPE, 0x800, None), (IP_PROTO, 1, None), (ICMP_TYPE, 8, None)],
        ),
        (
            "icmp6,icmp_type=128",
            [(ETH_TYPE, 0x86DD, None), (IP_PROTO, 58, None), (ICMPV6_TYPE, 128, None)],
        ),
        ("udp6,tp_src=53", [(ETH_TYPE, 0x86DD, None), (IP_PROTO, 17, None), (UDP_SRC, 53, None)]),
        (
            "ip,nw_src=10.0.0.0/8",
            [(ETH_TYPE, 0x800, None), (IPV4_SRC, 10 << 24, 0xFF000000)],
        ),
        (
            "ip,nw_src=10.0.0.1/255.255.255.255",
            [(ETH_TYPE, 0x800, None), (IPV4_SRC, 167772161, None)],
        ),
        (
            "ipv6,ipv6_dst=fd00::/8",
            [(ETH_TYPE, 0x86DD, None), (IPV6_DST, 0xFD << 120, 0xFF << 120)],
        ),
        ("ct_state=+new-est+trk", [(CT_STATE, 0x21, 0x23)]),
        (
            "tcp,tcp_flags=+syn-ack",
            [(ETH_TYPE, 0x800, None), (IP_PROTO, 6, None), (TCP_FLAGS, 2, 0x12)],
        ),
        ("dl_type=0x88cc", [(ETH_TYPE, 0x88CC, None)]),
    ],
)
def test_a_printed_match_is_read(text: str, wanted: list[tuple[Field, int, int | None]]) -> None:
    found = match_of(text)
    assert found is not None
    assert sorted(found, key=repr) == sorted(wanted, key=repr)


@pytest.mark.parametrize("text", ["vlan_tci=0x1000", "mpls", "reg0=what", "tp_dst=80"])
def test_what_we_never_match_is_not_guessed(text: str) -> None:
    assert match_of(text) is None


def test_numbers_are_read_in_every_form() -> None:
    assert number_of("02:fd:00:00:00:01") == 0x02FD00000001
    assert number_of("fd00::1") == (0xFD << 120) + 1
    assert (number_of("10.0.0.1"), number_of("0x1f"), number_of("31")) == (167772161, 31, 31)

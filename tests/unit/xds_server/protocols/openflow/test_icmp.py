"""Who hears that the TTL of a packet has ended, and what, as RFC 792 and RFC 4443 have it."""

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.icmp import time_exceeded
from xds_server.protocols.openflow.punted import checksum

FOUR, SIX = ip_address("10.10.0.1"), ip_address("fd10:10::1")
UDP, ICMP, ICMPV6 = 17, 1, 58
ETHER = bytes.fromhex("02fd00000001020000000001")


def _four(
    to: str = "10.20.0.11", protocol: int = UDP, body: bytes = bytes(8), at: int = 0
) -> bytes:
    ends = IPv4Address("10.10.0.11").packed + IPv4Address(to).packed
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 7, at, 1, protocol, 0) + ends
    return ETHER + b"\x08\x00" + head + body


def _six(to: str = "fd10:20::11", protocol: int = UDP, body: bytes = bytes(9)) -> bytes:
    ends = IPv6Address("fd10:10::11").packed + IPv6Address(to).packed
    return ETHER + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(body), protocol, 1) + ends + body


def test_the_sender_of_an_ipv4_packet_hears_of_it_from_its_gateway() -> None:
    asked = _four(body=bytes(range(9)))
    told = time_exceeded(asked + bytes(20), FOUR)  # a frame is padded to 60 bytes
    assert told is not None
    assert told[6:14] == bytes.fromhex("02fd000000010800")
    packet = told[14:]
    assert struct.unpack_from("!H", packet, 2) == (len(packet),)
    assert (packet[8], packet[9], checksum(packet[:20])) == (64, ICMP, 0)
    assert packet[12:20] == FOUR.packed + asked[26:30]
    assert (packet[20:22], checksum(packet[20:])) == (b"\x0b\x00", 0)
    assert packet[28:] == asked[14:]


def test_the_sender_of_an_ipv6_packet_hears_of_it_from_its_gateway() -> None:
    asked = _six(body=bytes(range(9)))
    told = time_exceeded(asked, SIX)
    assert told is not None
    packet = told[14:]
    assert (told[12:14], packet[6], packet[7]) == (b"\x86\xdd", ICMPV6, 64)
    assert packet[8:40] == SIX.packed + asked[22:38]
    icmp = packet[40:]
    assert struct.unpack_from("!H", packet, 4) == (len(icmp),)
    pseudo = packet[8:40] + struct.pack("!IxxxB", len(icmp), ICMPV6)
    assert (icmp[:2], checksum(pseudo + icmp)) == (b"\x03\x00", 0)
    assert icmp[8:] == asked[14:]


@pytest.mark.parametrize("kind", [0, 8, 13, 128, 129])
def test_a_ping_is_told_of(kind: int) -> None:
    if kind >= 128:
        assert time_exceeded(_six(protocol=ICMPV6, body=bytes([kind]) + bytes(7)), SIX)
    else:
        assert time_exceeded(_four(protocol=ICMP, body=bytes([kind]) + bytes(7)), FOUR)


@pytest.mark.parametrize(
    ("data", "gateway"),
    [
        (_four(protocol=ICMP, body=b"\x03" + bytes(7)), FOUR),  # an error
        (_four(protocol=ICMP, body=b"\x0b" + bytes(7)), FOUR),
        (_six(protocol=ICMPV6, body=b"\x03" + bytes(7)), SIX),
        (_four(at=5), FOUR),  # a fragment but the first
        (_six(protocol=44), SIX),
        (_four(to="224.0.0.1"), FOUR),  # to many
        (_four(to="255.255.255.255"), FOUR),
        (_six(to="ff02::1"), SIX),
        (_four(), SIX),  # the other family
        (_six(), FOUR),
        (ETHER + b"\x08\x06" + bytes(28), FOUR),  # no IP
    ],
)
def test_nobody_is_told_of_what_no_router_speaks_of(
    data: bytes, gateway: IPv4Address | IPv6Address
) -> None:
    assert time_exceeded(data, gateway) is None


@pytest.mark.parametrize("length", [0, 13, 20, 33])
def test_a_frame_that_is_cut_off_is_an_error(length: int) -> None:
    with pytest.raises(ProtocolError, match="cut off"):
        time_exceeded(_four(protocol=ICMP)[:length], FOUR)
    with pytest.raises(ProtocolError, match="cut off"):
        time_exceeded(_six(protocol=ICMPV6)[:length], SIX)

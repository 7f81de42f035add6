"""What a router says of a packet whose TTL ends with it (RFC 792, RFC 1812, RFC 4443)."""

from __future__ import annotations

import struct
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.punted import ETHERNET, IPV4, IPV6, SENDER, TTL, checksum

_ICMP, _ICMPV6, _FRAGMENT = 1, 58, 44
_EXCEEDED, _EXCEEDED_SIX = 11, 3
_ASKS = {8, 13, 15, 17}  # of ICMP's types: echo, timestamp, information and address mask request
_ECHO_REPLIES = {0, 129}
_OFFSET = 0x1FFF  # of a fragment, in IPv4's flags

Address = IPv4Address | IPv6Address


def time_exceeded(data: bytes, gateway: Address) -> bytes | None:
    """Return the frame that tells who sent a packet that its TTL has ended, from a gateway.

    ``data`` is a frame of which only the beginning may be there; the bridge fills in the answer's
    receiver. None where nobody is told: of an error, of a fragment but the first, of what was sent
    to many, and where the gateway is of the other family. Raises ProtocolError for a frame that is
    cut off within its headers.
    """
    try:
        (kind,) = struct.unpack_from("!H", data, 12)
        packet = data[ETHERNET:]
        if kind == IPV4 and gateway.version == 4:
            body = _of_four(packet, gateway)
        elif kind == IPV6 and gateway.version == 6:
            body = _of_six(packet, gateway)
        else:
            return None
    except (struct.error, IndexError, AddressValueError) as error:
        raise ProtocolError(f"a punted frame of {len(data)} bytes is cut off") from error
    return None if body is None else bytes(6) + SENDER + struct.pack("!H", kind) + body


def _of_four(packet: bytes, gateway: Address) -> bytes | None:
    head, protocol = (packet[0] & 0x0F) * 4, packet[9]
    size, _, flags = struct.unpack_from("!HHH", packet, 2)
    source, destination = (IPv4Address(packet[at : at + 4]) for at in (12, 16))
    if flags & _OFFSET or destination.is_multicast or destination == _EVERYBODY:
        return None
    if protocol == _ICMP and packet[head] not in _ASKS | _ECHO_REPLIES:
        return None
    said = packet[: min(size, len(packet))]
    bare = struct.pack("!BBHI", _EXCEEDED, 0, 0, 0) + said
    icmp = bare[:2] + struct.pack("!H", checksum(bare)) + bare[4:]
    ends = gateway.packed + source.packed
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, TTL, _ICMP, 0) + ends
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + icmp


def _of_six(packet: bytes, gateway: Address) -> bytes | None:
    (size,) = struct.unpack_from("!H", packet, 4)
    protocol = packet[6]
    source, destination = (IPv6Address(packet[at : at + 16]) for at in (8, 24))
    if destination.is_multicast or protocol == _FRAGMENT:
        return None
    if protocol == _ICMPV6 and packet[40] < 128:  # RFC 4443, section 2.1: an error
        return None
    said = packet[: min(40 + size, len(packet))]
    bare = struct.pack("!BBHI", _EXCEEDED_SIX, 0, 0, 0) + said
    ends = gateway.packed + source.packed
    total = checksum(ends + struct.pack("!IxxxB", len(bare), _ICMPV6) + bare)
    icmp = bare[:2] + struct.pack("!H", total) + bare[4:]
    return struct.pack("!IHBB", 6 << 28, len(icmp), _ICMPV6, TTL) + ends + icmp


_EVERYBODY = IPv4Address("255.255.255.255")

"""A punted TCP segment, and the resets that end its connection at both ends (RFC 9293, 3.10.7)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from xds_server.protocols.openflow.errors import ProtocolError

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
TCP = 6
ETHERNET = 14
IPV4, IPV6 = 0x0800, 0x86DD
SENDER = bytes.fromhex("02fd00000001")  # the virtual gateway's MAC
TTL = 64
_REGISTERS, _NICIRA = 0x8001, 0x0001

Address = IPv4Address | IPv6Address
Door = tuple[Address, int]  # address and port


@dataclass(frozen=True, slots=True)
class Segment:
    """What of a TCP segment a reset depends on; ``length`` counts SYN and FIN as TCP does."""

    source: Door
    destination: Door
    sequence: int
    acknowledged: int
    flags: int
    length: int


def segment_of(data: bytes) -> Segment | None:
    """Return the TCP segment in a frame of which only the beginning may be there; None: another.

    Raises ProtocolError for a frame that is cut off within its headers.
    """
    try:
        return _segment(data)
    except (struct.error, IndexError) as error:
        raise ProtocolError(f"a punted frame of {len(data)} bytes is cut off") from error


def _segment(data: bytes) -> Segment | None:
    (kind,) = struct.unpack_from("!H", data, 12)
    start = ETHERNET
    if kind == IPV4:
        head, protocol = (data[start] & 0x0F) * 4, data[start + 9]
        size = struct.unpack_from("!H", data, start + 2)[0] - head
        source: Address = IPv4Address(struct.unpack_from("!I", data, start + 12)[0])
        destination: Address = IPv4Address(struct.unpack_from("!I", data, start + 16)[0])
    elif kind == IPV6:
        head, protocol = 40, data[start + 6]
        (size,) = struct.unpack_from("!H", data, start + 4)
        source = IPv6Address(bytes(struct.unpack_from("!16s", data, start + 8)[0]))
        destination = IPv6Address(bytes(struct.unpack_from("!16s", data, start + 24)[0]))
    else:
        return None
    if protocol != TCP:
        return None
    parts = struct.unpack_from("!HHIIBB", data, start + head)
    from_port, to_port, sequence, acknowledged, offset, flags = parts
    length = max(0, size - (offset >> 4) * 4) + bool(flags & SYN) + bool(flags & FIN)
    return Segment(
        (source, from_port), (destination, to_port), sequence, acknowledged, flags, length
    )


def back(segment: Segment, source: Door, destination: Door) -> bytes:
    """Return the reset for who sent a segment, as coming from its peer."""
    if segment.flags & ACK:
        return frame_of(source, destination, segment.acknowledged, 0, RST)
    known = segment.sequence + segment.length & 0xFFFFFFFF
    return frame_of(source, destination, 0, known, RST | ACK)


def onward(segment: Segment, source: Door, destination: Door) -> bytes:
    """Return the reset for whom a segment was meant, in its sender's name."""
    flags = RST | (segment.flags & ACK)
    return frame_of(source, destination, segment.sequence, segment.acknowledged, flags)


def frame_of(source: Door, destination: Door, sequence: int, ack: int, flags: int) -> bytes:
    """Return a TCP segment without data in a frame whose receiver the bridge fills in."""
    given = source[1], destination[1], sequence, ack, 5 << 4, flags, 0, 0, 0
    ends = source[0].packed + destination[0].packed
    bare = struct.pack("!HHIIBBHHH", *given)
    total = checksum(ends + struct.pack("!IxxxB", len(bare), TCP) + bare)
    tcp = bare[:16] + struct.pack("!H", total) + bare[18:]
    if source[0].version == 6:
        ip = struct.pack("!IHBB", 6 << 28, len(tcp), TCP, TTL) + ends
        return bytes(6) + SENDER + struct.pack("!H", IPV6) + ip + tcp
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, TTL, TCP, 0) + ends
    ip = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return bytes(6) + SENDER + struct.pack("!H", IPV4) + ip + tcp


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def metadata(match: bytes) -> dict[tuple[int, int], int]:
    """Return a packet-in's fields by OXM class and number; registers as class 1, 0 to 15.

    Raises ProtocolError for a match that is cut off.
    """
    found: dict[tuple[int, int], int] = {}
    for kind, number, value in _fields(match):
        if kind == _REGISTERS:
            found[_NICIRA, 2 * number] = value >> 32
            found[_NICIRA, 2 * number + 1] = value & 0xFFFFFFFF
        else:
            found[kind, number] = value
    return found


def _fields(match: bytes) -> Iterator[tuple[int, int, int]]:
    at = 0
    while at < len(match):
        if len(match) - at < 4 or at + 4 + match[at + 3] > len(match):
            raise ProtocolError("a packet-in's match is cut off")
        kind, number = int.from_bytes(match[at : at + 2], "big"), match[at + 2] >> 1
        size = match[at + 3]
        whole = size // 2 if match[at + 2] & 1 else size
        yield kind, number, int.from_bytes(match[at + 4 : at + 4 + whole], "big")
        at += 4 + size

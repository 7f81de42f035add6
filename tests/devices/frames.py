"""Ethernet frames with valid checksums, built and read back by hand."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

SYN, SYN_ACK, ACK, RST = 0x02, 0x12, 0x10, 0x04


@dataclass(frozen=True)
class Frame:
    """What tests look at in an IP packet; ``payload`` is all that follows the IP header."""

    eth_src: str
    eth_dst: str
    source: str
    destination: str
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    flags: int = 0
    payload: bytes = b""

    def reply(self, **changes: object) -> Frame:
        """Return the answer of who received this frame."""
        back = replace(
            self,
            eth_src=self.eth_dst,
            eth_dst=self.eth_src,
            source=self.destination,
            destination=self.source,
            source_port=self.destination_port,
            destination_port=self.source_port,
        )
        return replace(back, **changes)  # type: ignore[arg-type]


def encode(frame: Frame) -> bytes:
    """Return a TCP, UDP or ICMP frame; ICMP's body is the payload, checksummed here."""
    source, destination = ip_address(frame.source), ip_address(frame.destination)
    if frame.protocol == 6:
        ports = struct.pack("!HHIIBBHHH", *_ports(frame), 1, 1, 5 << 4, frame.flags, 999, 0, 0)
        body = _checksummed(ports + frame.payload, 16, _pseudo(source, destination, frame))
    elif frame.protocol == 17:
        head = struct.pack("!HHHH", *_ports(frame), 8 + len(frame.payload), 0)
        body = _checksummed(head + frame.payload, 6, _pseudo(source, destination, frame))
    else:
        pseudo = _pseudo(source, destination, frame) if frame.protocol == 58 else b""
        body = _checksummed(frame.payload, 2, pseudo)
    return ip_packet(frame.eth_src, frame.eth_dst, source, destination, frame.protocol, body)


def ip_packet(
    eth_src: str,
    eth_dst: str,
    source: IPv4Address | IPv6Address,
    destination: IPv4Address | IPv6Address,
    protocol: int,
    body: bytes,
) -> bytes:
    """Return an Ethernet frame that carries ``body``."""
    link = bytes.fromhex((eth_dst + eth_src).replace(":", ""))
    ends = source.packed + destination.packed
    if source.version == 6:
        head = struct.pack("!IHBB", 6 << 28, len(body), protocol, 255) + ends
        return link + b"\x86\xdd" + head + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, protocol, 0) + ends
    return link + b"\x08\x00" + _checksummed(head, 10, b"") + body


def decode(data: bytes) -> Frame:
    """Read an IP frame; checksums must hold."""
    dst, src = _mac(data[:6]), _mac(data[6:12])
    if data[12:14] == b"\x08\x00":
        assert _sum(data[14:34]) == 0, "IPv4 checksum"
        (length,) = struct.unpack_from("!H", data, 16)
        protocol, body = data[23], data[34 : 14 + length]
        ends = (str(IPv4Address(data[26:30])), str(IPv4Address(data[30:34])))
    else:
        assert data[12:14] == b"\x86\xdd", data.hex()
        (length,) = struct.unpack_from("!H", data, 18)
        protocol, body = data[20], data[54 : 54 + length]
        ends = (str(IPv6Address(data[22:38])), str(IPv6Address(data[38:54])))
    found = Frame(src, dst, *ends, protocol, payload=body)
    pseudo = _pseudo(ip_address(ends[0]), ip_address(ends[1]), found, len(body))
    if protocol in (6, 17, 58):
        assert _sum(pseudo + body) == 0, "transport checksum"
    if protocol not in (6, 17):
        return found
    ports = struct.unpack_from("!HH", body)
    flags = body[13] if protocol == 6 else 0
    return replace(found, source_port=ports[0], destination_port=ports[1], flags=flags)


def ttl(data: bytes) -> int:
    """Return the TTL or hop limit of an IP frame."""
    return data[22] if data[12:14] == b"\x08\x00" else data[21]


def with_ttl(data: bytes, left: int) -> bytes:
    """Return an IP frame with another TTL or hop limit."""
    if data[12:14] != b"\x08\x00":
        return data[:21] + bytes([left]) + data[22:]
    head = data[14:22] + bytes([left]) + data[23:24] + bytes(2) + data[26:34]
    return data[:14] + _checksummed(head, 10, b"") + data[34:]


def arp_request(mac: str, sender: str, target: str) -> bytes:
    """Return a broadcast ARP request (RFC 826)."""
    own = bytes.fromhex(mac.replace(":", ""))
    head = b"\xff" * 6 + own + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
    return head + own + IPv4Address(sender).packed + bytes(6) + IPv4Address(target).packed


def solicitation(mac: str, sender: str, target: str) -> bytes:
    """Return a neighbour solicitation with its link-layer address option (RFC 4861, 4.3)."""
    own = bytes.fromhex(mac.replace(":", ""))
    wanted = IPv6Address(target)
    group = IPv6Address(int(IPv6Address("ff02::1:ff00:0")) | int(wanted) & 0xFFFFFF)
    option = b"\x01\x01" + own if sender != "::" else b""
    body = struct.pack("!BBHI", 135, 0, 0, 0) + wanted.packed + option
    asked = Frame(mac, "33:33:ff:00:00:00", sender, str(group), 58, payload=body)
    return encode(asked)


def read_pcap(path: Path) -> list[bytes]:
    """Return the frames of a pcap file that are complete."""
    data = path.read_bytes()
    found, place = [], 24
    while place + 16 <= len(data):
        (length,) = struct.unpack_from("<I", data, place + 8)
        if place + 16 + length > len(data):
            break
        found.append(data[place + 16 : place + 16 + length])
        place += 16 + length
    return found


def _ports(frame: Frame) -> tuple[int, int]:
    return frame.source_port, frame.destination_port


def _pseudo(
    source: IPv4Address | IPv6Address,
    destination: IPv4Address | IPv6Address,
    frame: Frame,
    length: int | None = None,
) -> bytes:
    if length is None:
        length = {6: 20, 17: 8}.get(frame.protocol, 0) + len(frame.payload)
    return source.packed + destination.packed + struct.pack("!II", length, frame.protocol)


def _checksummed(body: bytes, place: int, pseudo: bytes) -> bytes:
    value = _sum(pseudo + body)
    return body[:place] + struct.pack("!H", value) + body[place + 2 :]


def _sum(data: bytes) -> int:
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _mac(octets: bytes) -> str:
    return ":".join(f"{octet:02x}" for octet in octets)

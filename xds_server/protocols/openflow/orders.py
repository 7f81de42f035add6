"""What a bridge is told outside its program: packets to send, connections to forget, short flows.

``CtFlush`` is NXT_CT_FLUSH (vendor 0x2320, subtype 32), which Open vSwitch knows since 3.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from xds_server.protocols.openflow.codec import pad8
from xds_server.protocols.openflow.framing import Type, frame
from xds_server.protocols.openflow.mods import FlowCommand, flow_mod
from xds_server.snapshots.model import FlowEntry

CONTROLLER = 0xFFFFFFFD  # OFPP_CONTROLLER
_NO_BUFFER = 0xFFFFFFFF
_NICIRA, _CT_FLUSH, _RESUBMIT_TABLE = 0x2320, 32, 14
_IN_PORT_16 = 0xFFF8
# Properties of a flush, and of the tuple in it
_ORIGINAL, _ZONE = 0, 2
_SOURCE, _DESTINATION, _SOURCE_PORT, _DESTINATION_PORT = 0, 1, 2, 3

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Tuple:
    """A connection as its first packet had it; ``protocol`` is the IANA number of TCP or UDP."""

    protocol: int
    source: Address
    source_port: int
    destination: Address
    destination_port: int


@dataclass(frozen=True, slots=True)
class PacketOut:
    """Look a frame up in a table, with register 0 (the segment) set."""

    data: bytes
    table: int
    segment: int


@dataclass(frozen=True, slots=True)
class CtFlush:
    """Forget a connection of a conntrack zone."""

    zone: int
    connection: Tuple


@dataclass(frozen=True, slots=True)
class ShortFlow:
    """Add a flow that goes by itself once no packet has met it for ``idle`` seconds."""

    entry: FlowEntry
    idle: int


Order = PacketOut | CtFlush | ShortFlow


def encode_orders(orders: Iterable[Order], first_xid: int) -> bytes:
    """Return the messages of these orders, with one xid each."""
    return b"".join(_encoded(order, first_xid + n) for n, order in enumerate(orders))


def _encoded(order: Order, xid: int) -> bytes:
    match order:
        case PacketOut():
            return frame(Type.PACKET_OUT, xid, _packet_out(order))
        case CtFlush():
            return frame(Type.EXPERIMENTER, xid, _flush(order))
        case ShortFlow():
            return flow_mod(xid, FlowCommand.ADD, order.entry, idle=order.idle)


def _packet_out(order: PacketOut) -> bytes:
    """struct ofp_packet_out (OpenFlow 1.5.1 section 7.3.6) with one resubmit."""
    port = struct.pack("!HBBI", 0x8000, 0, 4, CONTROLLER)
    segment = struct.pack("!HBBI", 0x0001, 0, 4, order.segment)  # NXM_NX_REG0
    fields = port + segment
    match = struct.pack("!HH", 1, 4 + len(fields)) + fields + bytes(pad8(4 + len(fields)))
    resubmit = struct.pack(
        "!HHIHHB3x", 0xFFFF, 16, _NICIRA, _RESUBMIT_TABLE, _IN_PORT_16, order.table
    )
    head = struct.pack("!IH2x", _NO_BUFFER, len(resubmit))
    return head + match + resubmit + order.data


def _flush(order: CtFlush) -> bytes:
    one = order.connection
    ends = (
        struct.pack("!HH", kind, 20) + _mapped(address) + bytes(4)
        for kind, address in ((_SOURCE, one.source), (_DESTINATION, one.destination))
    )
    doors = ((_SOURCE_PORT, one.source_port), (_DESTINATION_PORT, one.destination_port))
    ports = (struct.pack("!HHH2x", kind, 8, port) for kind, port in doors)
    nested = b"".join((*ends, *ports))
    original = struct.pack("!HH4x", _ORIGINAL, 8 + len(nested)) + nested
    zone = struct.pack("!HHH2x", _ZONE, 8, order.zone)
    head = struct.pack("!IIB7x", _NICIRA, _CT_FLUSH, one.protocol)
    return head + original + zone


def _mapped(address: Address) -> bytes:
    if address.version == 6:
        return address.packed
    return bytes(10) + b"\xff\xff" + address.packed

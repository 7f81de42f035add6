"""Multipart requests, and what bridges answer: ports, flows, groups, meters and tables."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.framing import Type, frame
from xds_server.snapshots.model import FlowEntry, FlowKey, GroupEntry, MeterEntry

_PART = struct.Struct("!HHxxxx")
_MORE = 0x1  # OFPMPF_REPLY_MORE
_ANY = 0xFFFFFFFF  # OFPP_ANY, OFPG_ANY; OFPG_ALL is one less than a group's upper bound
_ALL_GROUPS = 0xFFFFFFFC
_ALL_TABLES = 0xFF
_FLOW_REQUEST = struct.Struct("!BxxxIIxxxxQQHHxxxx")
# struct ofp_flow_desc up to the type and length of its match (OpenFlow 1.5.1 section 7.3.5.2)
_FLOW = struct.Struct("!HxxBxHHHHHQHH")
_STATS = struct.Struct("!HH")
_OXS = struct.Struct("!HBB")
_GROUP = struct.Struct("!HBxIHxxxxxx")
_METER = struct.Struct("!HHI")
_TABLE = struct.Struct("!BxxxIQQ")
_OXS_CLASS = 0x8002
_PACKETS, _BYTES = 4, 5  # OXS_OF_PACKET_COUNT, OXS_OF_BYTE_COUNT


class Part(IntEnum):
    """Kinds of multipart message (OpenFlow 1.5.1 section 7.3.5)."""

    FLOW_DESC = 1
    TABLE_STATS = 3
    QUEUE_STATS = 5
    GROUP_DESC = 7
    METER_STATS = 9
    METER_DESC = 10
    PORT_DESC = 13


@dataclass(frozen=True, slots=True)
class HeldFlow:
    """A flow as the bridge holds it, with its counters."""

    entry: FlowEntry
    packets: int
    bytes: int


@dataclass(frozen=True, slots=True)
class TableStats:
    """How full and how busy one table is."""

    table: int
    active: int
    lookups: int
    matched: int


def ports_request(xid: int) -> bytes:
    """Ask for every port."""
    return _request(xid, Part.PORT_DESC, struct.pack("!Ixxxx", _ANY))


def groups_request(xid: int) -> bytes:
    """Ask for every group's description."""
    return _request(xid, Part.GROUP_DESC, struct.pack("!Ixxxx", _ALL_GROUPS))


def meters_request(xid: int) -> bytes:
    """Ask for every meter's flags and bands."""
    return _request(xid, Part.METER_DESC, struct.pack("!Ixxxx", _ANY))  # OFPM_ALL


def meter_stats_request(xid: int) -> bytes:
    """Ask for what every meter let through and dropped."""
    return _request(xid, Part.METER_STATS, struct.pack("!Ixxxx", _ANY))  # OFPM_ALL


def queue_stats_request(xid: int) -> bytes:
    """Ask for what every queue of every port sent and dropped."""
    return _request(xid, Part.QUEUE_STATS, struct.pack("!II", _ANY, _ANY))  # OFPQ_ALL


def tables_request(xid: int) -> bytes:
    """Ask for the counters of every table."""
    return _request(xid, Part.TABLE_STATS, b"")


def flows_request(xid: int, cookie: int, mask: int) -> bytes:
    """Ask for every flow whose cookie equals ``cookie`` in the bits of ``mask``."""
    body = _FLOW_REQUEST.pack(_ALL_TABLES, _ANY, _ANY, cookie, mask, 1, 4)
    return _request(xid, Part.FLOW_DESC, body)


def decode_part(body: bytes) -> tuple[int, bool, bytes]:
    """Return a reply's kind, whether more follow, and its payload."""
    if len(body) < _PART.size:
        raise ProtocolError(f"a multipart reply of {len(body)} bytes has no header")
    kind, flags = _PART.unpack_from(body)
    return kind, bool(flags & _MORE), body[_PART.size :]


def decode_flows(payload: bytes) -> Iterator[HeldFlow]:
    """Yield the flows of one part of a flow description reply."""
    for entry, statistics in _described(payload):
        yield HeldFlow(entry, *_counts(statistics))


def decode_entries(payload: bytes) -> Iterator[FlowEntry]:
    """Yield the same flows without their counters, which need most of the time."""
    return (entry for entry, _ in _described(payload))


def _described(payload: bytes) -> Iterator[tuple[FlowEntry, bytes]]:
    """Yield each flow with its OXS fields."""
    start, end = 0, len(payload)
    while start < end:
        if end - start < _FLOW.size:
            raise ProtocolError(f"a flow description is cut off after {end - start} bytes")
        fields = _FLOW.unpack_from(payload, start)
        length, table, priority, _idle, _hard, _flags, _importance, cookie, kind, span = fields
        after = start + length
        if length < _FLOW.size or after > end or length % 8:
            raise ProtocolError(f"a flow description claims a length of {length} bytes")
        if kind != 1 or span < 4:
            raise ProtocolError(f"a flow's match has type {kind} and length {span}")
        matched = start + _FLOW.size - 4 + span
        counted = matched + -span % 8
        if after - counted < _STATS.size:
            raise ProtocolError("a flow description has no statistics after its match")
        _reserved, size = _STATS.unpack_from(payload, counted)
        body = counted + size + -size % 8
        if size < _STATS.size or body > after:
            raise ProtocolError(f"a flow's statistics claim a length of {size} bytes")
        key = FlowKey(table, priority, payload[start + _FLOW.size : matched])
        statistics = payload[counted + _STATS.size : counted + size]
        yield FlowEntry(key, cookie, payload[body:after]), statistics
        start = after


def _counts(fields: bytes) -> tuple[int, int]:
    """Return packets and bytes from OXS fields (OpenFlow 1.5.1 section 7.2.4)."""
    packets = volume = start = 0
    while start < len(fields):
        if len(fields) - start < _OXS.size:
            raise ProtocolError("a statistics field is cut off")
        group, field, length = _OXS.unpack_from(fields, start)
        value = fields[start + _OXS.size : start + _OXS.size + length]
        if len(value) != length:
            raise ProtocolError(f"a statistics field claims a length of {length} bytes")
        if group == _OXS_CLASS and field >> 1 == _PACKETS:
            packets = int.from_bytes(value, "big")
        elif group == _OXS_CLASS and field >> 1 == _BYTES:
            volume = int.from_bytes(value, "big")
        start += _OXS.size + length
    return packets, volume


def decode_groups(payload: bytes) -> Iterator[GroupEntry]:
    """Yield the groups of one part of a group description reply (section 7.3.5.11)."""
    start, end = 0, len(payload)
    while start < end:
        if end - start < _GROUP.size:
            raise ProtocolError(f"a group description is cut off after {end - start} bytes")
        length, kind, number, span = _GROUP.unpack_from(payload, start)
        if length < _GROUP.size + span or start + length > end:
            raise ProtocolError(f"group {number} claims {length} bytes with {span} of buckets")
        body = payload[start + _GROUP.size : start + length]
        yield GroupEntry(number, kind, body[:span], body[span:])
        start += length


def decode_meters(payload: bytes) -> Iterator[MeterEntry]:
    """Yield the meters of one part of a meter description reply (section 7.3.5.14)."""
    start, end = 0, len(payload)
    while start < end:
        if end - start < _METER.size:
            raise ProtocolError(f"a meter description is cut off after {end - start} bytes")
        length, flags, number = _METER.unpack_from(payload, start)
        if length < _METER.size or start + length > end:
            raise ProtocolError(f"meter {number} claims a length of {length} bytes")
        yield MeterEntry(number, flags, payload[start + _METER.size : start + length])
        start += length


def decode_tables(payload: bytes) -> list[TableStats]:
    """Return the counters of one part of a table statistics reply."""
    if len(payload) % _TABLE.size:
        raise ProtocolError(f"table statistics of {len(payload)} bytes are cut off")
    return [TableStats(*fields) for fields in _TABLE.iter_unpack(payload)]


def _request(xid: int, part: Part, body: bytes) -> bytes:
    return frame(Type.MULTIPART_REQUEST, xid, _PART.pack(part, 0) + body)

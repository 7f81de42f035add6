"""One spelling for matches: two byte strings that mean one match compare equal."""

from __future__ import annotations

from xds_server.snapshots.model import FlowKey

_EXPERIMENTER = 0xFFFF


def canonical(key: FlowKey) -> tuple[int, int, tuple[tuple[int, bytes, bytes], ...]]:
    """Return what identifies a flow, whatever the order and masks of its OXM fields.

    A field without mask equals one whose mask is all ones; a field whose mask is all zeroes says
    nothing; bits outside the mask do not count (OpenFlow 1.5.1 section 7.2.3.5). Bytes that are
    no OXM fields stand for themselves: the bridge, not we, judges them.
    """
    fields = _fields(key.match)
    return key.table, key.priority, ((0, key.match, b""),) if fields is None else fields


def _fields(match: bytes) -> tuple[tuple[int, bytes, bytes], ...] | None:
    fields, start = [], 0
    while start < len(match):
        header = int.from_bytes(match[start : start + 4], "big")
        length = header & 0xFF
        payload = match[start + 4 : start + 4 + length]
        if len(match) - start < 4 or len(payload) != length or not length:
            return None
        field = _field(header, payload)
        if any(field[2]):
            fields.append(field)
        start += 4 + length
    return tuple(sorted(fields))


def _field(header: int, payload: bytes) -> tuple[int, bytes, bytes]:
    identity, prefix = header >> 9, b""
    if header >> 16 == _EXPERIMENTER:
        prefix, payload = payload[:4], payload[4:]
    if not header & 0x100:
        return identity, prefix + payload, b"\xff" * max(len(payload), 1)
    half = len(payload) // 2
    value, mask = payload[:half], payload[half:]
    kept = bytes(one & other for one, other in zip(value, mask, strict=False))
    return identity, prefix + kept, mask

"""Matches read back from the bytes that a bridge dumps, for people."""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow import fields
from translators.openflow.fields import NICIRA, Field
from translators.openflow.flow import Match
from translators.openflow.render import render_match

_PAIRS = 0x8001  # OXM class of the 64-bit packet registers
_EXPERIMENTER = 0xFFFF
_KNOWN = {
    (field.oxm_class, field.oxm_field): field
    for field in vars(fields).values()
    if isinstance(field, Field)
}


def match_text(match: bytes) -> str:
    """Return OXM fields in ``ovs-ofctl`` syntax; what we never write is shown by its numbers.

    Bytes that are no OXM fields are shown as they are.
    """
    parts = []
    for head, payload in _fields(match):
        known = _tests(head, payload)
        parts.append(render_match(known) if known else _raw(head, payload))
    return ",".join(part for part in parts if part)


def _fields(match: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(match):
        head = int.from_bytes(match[start : start + 4], "big")
        length = head & 0xFF
        yield head, match[start + 4 : start + 4 + length]
        start += 4 + length


def _tests(head: int, payload: bytes) -> Match:
    """Return the tests that a field stands for; none for a field that we do not know."""
    masked = bool(head & 0x100)
    size = len(payload) // 2 if masked else len(payload)
    value = int.from_bytes(payload[:size], "big")
    mask = int.from_bytes(payload[size:], "big") if masked else None
    oxm_class, number = head >> 16, head >> 9 & 0x7F
    if oxm_class == _PAIRS and size == 8:
        return tuple(_registers(number, value, mask))
    field = _KNOWN.get((oxm_class, number))
    return () if field is None or field.size != size else ((field, value, mask),)


def _registers(pair: int, value: int, mask: int | None) -> Iterator[tuple[Field, int, int | None]]:
    """Yield the two 32-bit registers of a pair, without one that is not tested."""
    full = 0xFFFFFFFF
    whole = full << 32 | full if mask is None else mask
    for number, shift in ((2 * pair, 32), (2 * pair + 1, 0)):
        own = whole >> shift & full
        field = _KNOWN.get((NICIRA, number)) or Field(
            f"reg{number}", 60 + number, NICIRA, number, 32
        )
        if own:
            yield field, value >> shift & full, None if own == full else own


def _raw(head: int, payload: bytes) -> str:
    vendor = f" of {payload[:4].hex()}" if head >> 16 == _EXPERIMENTER else ""
    return f"field {head >> 16:#06x}/{head >> 9 & 0x7F}{vendor}={payload.hex()}"

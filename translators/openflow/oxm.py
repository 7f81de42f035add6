"""Fields and matches as OXM TLVs (OpenFlow 1.5.1, section 7.2.3) in Open vSwitch's own order."""

from __future__ import annotations

from functools import cache, lru_cache

from translators.openflow.fields import NICIRA, Field
from translators.openflow.flow import Match

_REGISTERS = 16
_PAIRS = 0x8001  # OXM class of the 64-bit packet registers: two 32-bit ones, the even one on top


@cache
def header(field: Field, masked: bool = False) -> bytes:
    """Return a field's OXM header."""
    size = field.size * (2 if masked else 1)
    return _head(field.oxm_class, field.oxm_field, masked, size)


@lru_cache(maxsize=32_768)  # many flows test the same
def tlv(field: Field, value: int, mask: int | None = None) -> bytes:
    """Return a field with its value, and its mask where there is one."""
    body = value.to_bytes(field.size, "big")
    if mask is None:
        return header(field) + body
    return header(field, masked=True) + body + mask.to_bytes(field.size, "big")


def encode_match(tests: Match) -> bytes:
    """Return the TLVs of a match, without the header and padding of an ofp_match.

    Open vSwitch prints registers back by pairs in OpenFlow 1.5, so that is how they are sent.
    """
    parts = []
    pairs: dict[int, tuple[int, int]] = {}
    rest = []
    for field, value, mask in tests:
        if field.oxm_class == NICIRA and field.oxm_field < _REGISTERS:
            _put(pairs, field, value, mask)
        elif field.order < 60:
            parts.append(tlv(field, value, mask))
        else:
            rest.append(tlv(field, value, mask))
    parts += [_pair(number, value, mask) for number, (value, mask) in sorted(pairs.items())]
    return b"".join(parts + rest)


def _put(pairs: dict[int, tuple[int, int]], field: Field, value: int, mask: int | None) -> None:
    number, odd = divmod(field.oxm_field, 2)
    shift = 0 if odd else 32
    high, low = pairs.get(number, (0, 0))
    kept = 0xFFFFFFFF if mask is None else mask
    pairs[number] = (high | value << shift, low | kept << shift)


def _pair(number: int, value: int, mask: int) -> bytes:
    if mask == 0xFFFFFFFFFFFFFFFF:
        return _head(_PAIRS, number, False, 8) + value.to_bytes(8, "big")
    return _head(_PAIRS, number, True, 16) + value.to_bytes(8, "big") + mask.to_bytes(8, "big")


@cache
def _head(oxm_class: int, field: int, masked: bool, size: int) -> bytes:
    return (oxm_class << 16 | field << 9 | masked << 8 | size).to_bytes(4, "big")

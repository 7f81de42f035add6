"""The protobuf wire format, as far as xDS envelopes need it: scan fields, write fields."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5

_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
_MAX_VARINT_BYTES = 10
_SHORT = frozenset(number << 3 | LENGTH for number in range(1, 16))  # tags of one byte
# Tags, and the sizes of most fields: made once, since a response has thousands of them.
_VARINTS = [
    *(bytes((low,)) for low in range(1 << 7)),
    *(bytes((low & 0x7F | 0x80, low >> 7)) for low in range(1 << 7, 1 << 11)),
]
_MADE = len(_VARINTS)


class MalformedError(ValueError):
    """Bytes that are not a protobuf message of the expected kind."""


def scan(data: bytes, end: int | None = None) -> Iterator[tuple[int, int | bytes]]:
    """Yield (field number, value) in wire order: varints as int, all else as bytes.

    ``end``: where to stop, which must be between two fields.

    Raises MalformedError on truncation, on field number 0, and on group wire types, which proto3
    never writes. Source: protobuf.dev, "Encoding".
    """
    position = 0
    if end is None:
        end = len(data)
    while position < end:
        tag = data[position]
        if tag in _SHORT and position + 1 < end and data[position + 1] < 0x80:
            start = position + 2  # nearly all fields are such: two bytes, and what they announce
            after = start + data[position + 1]
            if after <= end:
                yield tag >> 3, data[start:after]
                position = after
                continue
        tag, position = _varint(data, position)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise MalformedError(f"field number 0 at byte {position}")
        if kind == VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        size, position = _size(data, position, kind)
        if position + size > end:
            raise MalformedError(f"field {number} wants {size} bytes, {end - position} are left")
        yield number, data[position : position + size]
        position += size


def run(data: bytes, tag: int) -> tuple[list[bytes], int]:
    """Return the short fields of this tag that ``data`` begins with, and where the rest begins.

    For thousands of them: a third of what ``scan`` takes, which must read the rest.
    """
    found: list[bytes] = []
    position, last = 0, len(data) - 1
    while position < last and data[position] == tag and data[position + 1] < 0x80:
        after = position + 2 + data[position + 1]
        if after > last + 1:
            break
        found.append(data[position + 2 : after])
        position = after
    return found, position


def until(data: bytes, field: int) -> int:
    """Return where the first field of this number or a higher one begins, or the end.

    Raises MalformedError as ``scan`` does, but not for what ``scan`` finds in the part before.
    """
    position, end = 0, len(data)
    while position < end:
        tag, after = _varint(data, position)
        if tag >> 3 >= field:
            return position
        if tag in _SHORT and after < end and data[after] < 0x80:
            position = after + 1 + data[after]
            continue
        if tag & 7 == VARINT:
            _, position = _varint(data, after)
        else:
            size, start = _size(data, after, tag & 7)
            position = start + size
    return len(data)


def _size(data: bytes, position: int, kind: int) -> tuple[int, int]:
    if kind == LENGTH:
        return _varint(data, position)
    if kind not in _FIXED_SIZES:
        raise MalformedError(f"wire type {kind} at byte {position}")
    return _FIXED_SIZES[kind], position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index in range(_MAX_VARINT_BYTES):
        if position + index >= len(data):
            raise MalformedError(f"truncated varint at byte {position}")
        byte = data[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position + index + 1
    raise MalformedError(f"varint of more than {_MAX_VARINT_BYTES} bytes at byte {position}")


def text(value: int | bytes) -> str:
    """Return a string field's value; raise MalformedError where it is not UTF-8."""
    try:
        return message(value).decode()
    except UnicodeDecodeError as error:
        raise MalformedError(f"a string is not UTF-8: {error.reason}") from error


def message(value: int | bytes) -> bytes:
    """Return an embedded message's bytes; raise MalformedError where the field is a number."""
    if isinstance(value, int):
        raise MalformedError("a number stands where a string or message belongs")
    return value


def number(value: int | bytes) -> int:
    """Return a varint field's value; raise MalformedError where the field is not a varint."""
    if not isinstance(value, int):
        raise MalformedError("a string or message stands where a number belongs")
    return value


def put(field: int, value: bytes) -> bytes:
    """Return a length-delimited field; empty values too (an empty embedded message counts)."""
    tag, size = field << 3 | LENGTH, len(value)
    if tag < _MADE and size < _MADE:
        return _VARINTS[tag] + _VARINTS[size] + value
    return opening(field, size) + value


def opening(field: int, size: int) -> bytes:
    """Return what stands before a length-delimited field's value of so many bytes."""
    return varint(field << 3 | LENGTH) + varint(size)


def put_text(field: int, value: str) -> bytes:
    """Return a string field; nothing for an empty string, as proto3 leaves defaults out."""
    return put(field, value.encode()) if value else b""


def put_number(field: int, value: int) -> bytes:
    """Return an unsigned varint field; nothing for zero, as proto3 leaves defaults out."""
    return varint(field << 3 | VARINT) + varint(value) if value else b""


def varint(value: int) -> bytes:
    """Return an unsigned base-128 varint, least significant group first."""
    if value < _MADE:
        return _VARINTS[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)

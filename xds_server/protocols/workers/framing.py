"""Frames on the pipe between the controller and a worker process.

A frame is two lengths (4 bytes each, big-endian), a JSON array of the first length, and raw bytes
of the second, for what JSON would have to escape. JSON is decoded in C and can only ever become
plain values, so that a worker whose clients have taken it over cannot make the controller run
anything.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

_LENGTHS = struct.Struct(">II")
FROM_WORKER = 64 * 1024 * 1024  # bytes a frame that the controller accepts
FROM_CONTROLLER = 0x7FFF_FFFF


class FrameError(ValueError):
    """Bytes that are no frame, or a frame that says nothing that we know."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: a JSON array, and bytes beside it."""

    values: list[Any]
    tail: bytes = b""


def packed(values: list[Any], tail: bytes = b"") -> bytes:
    """Return a frame's bytes."""
    text = json.dumps(values, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(text), len(tail)) + text + tail


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are complete with these bytes.

        Raises FrameError for one that is longer than allowed or no JSON array; nothing that comes
        after it can be understood.
        """
        self._buffer += data
        position = 0
        try:
            while len(self._buffer) - position >= _LENGTHS.size:
                text, tail = _LENGTHS.unpack_from(self._buffer, position)
                if text + tail > self._most:
                    raise FrameError(f"a frame of {text + tail} bytes, {self._most} are allowed")
                start = position + _LENGTHS.size
                if len(self._buffer) < start + text + tail:
                    return
                position = start + text + tail
                values = _values(bytes(self._buffer[start : start + text]))
                yield Frame(values, bytes(self._buffer[start + text : position]))
        finally:
            del self._buffer[:position]


def _values(text: bytes) -> list[Any]:
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame without JSON: {error}") from error
    if not isinstance(found, list) or not found:
        raise FrameError("a frame whose JSON is no array with a name in front")
    return found


def _no_number(text: str) -> NoReturn:
    raise FrameError(f"{text} is no number")

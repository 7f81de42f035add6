"""A byte stream cut into JSON values: RFC 7047 puts nothing between two messages."""

from __future__ import annotations

import json
import re
from typing import Any

_LARGEST = 16 * 1024 * 1024  # bytes in one message: a monitor's first answer for 30,000 ports
_DEEPEST = 32  # RFC 7047 needs 9: an update's rows with maps of pairs
_MARKS = re.compile(rb'["\\{}\[\]]')
_IN_STRING = re.compile(rb'["\\]')
_BLANK = b" \t\r\n"


class OvsdbProtocolError(Exception):
    """The peer sent something that RFC 7047 does not allow, or more than we accept."""


class JsonStream:
    """Feed it bytes in pieces of any size; it returns the objects they complete."""

    def __init__(self, largest: int = _LARGEST) -> None:
        self._largest = largest
        self._pending = bytearray()
        self._at = 0  # everything before has been scanned
        self._depth = 0
        self._in_string = False

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Return the messages that ``data`` completes.

        Raises OvsdbProtocolError for text that is no JSON object, and for one that is too large
        or too deep.
        """
        self._pending += data
        messages = []
        while (end := self._scan()) is not None:
            messages.append(_decode(bytes(self._pending[:end])))
            del self._pending[:end]
            self._at = 0
        if len(self._pending) > self._largest:
            raise OvsdbProtocolError(f"a message of more than {self._largest} bytes")
        return messages

    def _scan(self) -> int | None:
        """Return where the first message ends, or None if it is not complete."""
        if not self._depth and not self._skip_blanks():
            return None
        while True:
            pattern = _IN_STRING if self._in_string else _MARKS
            mark = pattern.search(self._pending, self._at)
            if mark is None:
                self._at = len(self._pending)
                return None
            if not self._step(mark[0], mark.start()):
                return None
            if not self._depth:
                return self._at

    def _skip_blanks(self) -> bool:
        start = self._pending.lstrip(_BLANK)
        del self._pending[: len(self._pending) - len(start)]
        self._at = 0
        if start and start[:1] != b"{":
            raise OvsdbProtocolError("a message does not begin with an opening brace")
        return bool(start)

    def _step(self, mark: bytes, place: int) -> bool:
        """Take one mark; return False when an escape's second half has not come yet."""
        if mark == b"\\":
            if place + 1 >= len(self._pending):
                self._at = place
                return False
            self._at = place + 2
            return True
        self._at = place + 1
        if mark == b'"':
            self._in_string = not self._in_string
        else:
            self._depth += 1 if mark in b"{[" else -1
        if self._depth > _DEEPEST:
            raise OvsdbProtocolError(f"a message is nested more than {_DEEPEST} levels deep")
        return True


def _decode(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except ValueError as error:  # JSON, UTF-8 and absurd numbers alike
        raise OvsdbProtocolError(f"a message is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise OvsdbProtocolError("a message is not a JSON object")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")

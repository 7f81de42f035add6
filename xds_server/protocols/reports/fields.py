"""A protobuf message as its fields by number, for reports of which we read a few fields."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import ip_address

from xds_server.protocols.xds.protobuf import (
    MalformedError,
    message,
    number,
    put,
    put_number,
    scan,
    text,
)


class Fields:
    """One message; absent fields read as proto3's defaults. MalformedError on a wrong kind."""

    def __init__(self, data: bytes) -> None:
        self._found: dict[int, list[int | bytes]] = {}
        for key, value in scan(data):
            self._found.setdefault(key, []).append(value)

    def __contains__(self, key: int) -> bool:
        return key in self._found

    def text(self, key: int) -> str:
        """Return a string field."""
        return text(self._last(key, b""))

    def number(self, key: int) -> int:
        """Return an unsigned integer, enumeration or boolean field."""
        return number(self._last(key, 0))

    def message(self, key: int) -> Fields:
        """Return an embedded message; one that is absent is empty."""
        return Fields(message(self._last(key, b"")))

    def messages(self, key: int) -> tuple[Fields, ...]:
        """Return a repeated field of messages."""
        return tuple(Fields(message(value)) for value in self._found.get(key, ()))

    def raw(self, key: int) -> bytes:
        """Return an embedded message's bytes."""
        return message(self._last(key, b""))

    def double(self, key: int) -> float:
        """Return a field of type double."""
        data = self.raw(key)
        if data and len(data) != 8:
            raise MalformedError(f"field {key} is no double: {len(data)} bytes")
        return float(struct.unpack("<d", data)[0]) if data else 0.0

    def seconds(self, key: int) -> float:
        """Return a google.protobuf.Duration or Timestamp field in seconds."""
        found = self.message(key)
        return _signed(found.number(1)) + _signed(found.number(2)) / 1e9

    def _last(self, key: int, default: int | bytes) -> int | bytes:
        values = self._found.get(key)
        return values[-1] if values else default


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def address_of(address: Fields) -> tuple[str, int]:
    """Return host and port of an envoy.config.core.v3.Address; a pipe's path has port 0."""
    if 2 in address:
        return address.message(2).text(1), 0
    socket = address.message(1)
    return canonical(socket.text(2)), socket.number(3)


def canonical(host: str) -> str:
    """Return an IP address in its one short form, and any other text as it is."""
    try:
        return str(ip_address(host))
    except ValueError:
        return host


def put_seconds(field: int, seconds: float) -> bytes:
    """Return a Duration or Timestamp field of a time that is not negative."""
    whole, nanos = divmod(round(seconds * 1e9), 1_000_000_000)
    return put(field, put_number(1, whole) + put_number(2, nanos))


def put_texts(field: int, values: Iterable[str]) -> bytes:
    """Return a repeated string field."""
    return b"".join(put(field, value.encode()) for value in values)

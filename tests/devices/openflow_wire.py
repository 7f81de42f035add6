"""A few OpenFlow 1.5 messages over a bridge's socket: what it holds, byte for byte."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from translators.openflow.encode import EncodedFlow, EncodedGroup, EncodedMeter, EncodedProgram

_VERSION = 6
_HELLO, _ERROR, _ECHO, _FLOW_MOD, _GROUP_MOD, _METER_MOD = 0, 1, 2, 14, 15, 29
_MULTIPART_REQUEST, _MULTIPART_REPLY, _BARRIER, _BARRIER_REPLY = 18, 19, 20, 21
_FLOW_DESC, _GROUP_DESC, _METER_DESC = 1, 7, 10
_ANY = 0xFFFFFFFF


class Wire:
    """One OpenFlow connection to a bridge's management socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30.0)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rb")
        self._send(_HELLO, b"")
        assert self._receive()[0] == _HELLO

    def close(self) -> None:
        """End the connection."""
        self._file.close()
        self._socket.close()

    def load(self, program: EncodedProgram) -> None:
        """Put groups, meters and flows in place of all others; a refused message is an error."""
        messages = [self._message(_FLOW_MOD, _DELETE_FLOWS), self._message(_GROUP_MOD, _NO_GROUPS)]
        messages += [self._message(_METER_MOD, _NO_METERS)]
        messages += [self._message(_METER_MOD, _meter_mod(meter)) for meter in program.meters]
        messages += [self._message(_GROUP_MOD, _group_mod(group)) for group in program.groups]
        messages += [self._message(_FLOW_MOD, _flow_mod(flow)) for flow in program.flows]
        self._socket.sendall(b"".join(messages) + self._message(_BARRIER, b""))
        while True:
            kind, body = self._receive()
            assert kind != _ERROR, body.hex()
            if kind == _BARRIER_REPLY:
                return

    def flows(self) -> list[EncodedFlow]:
        """Return every flow that the bridge holds."""
        body = struct.pack("!B3xII4xQQHH4x", 0xFF, _ANY, _ANY, 0, 0, 1, 4)
        return sorted(flow for part in self._ask(_FLOW_DESC, body) for flow in _flows(part))

    def groups(self) -> list[EncodedGroup]:
        """Return every group that the bridge holds."""
        body = struct.pack("!I4x", 0xFFFFFFFC)
        return sorted(group for part in self._ask(_GROUP_DESC, body) for group in _groups(part))

    def meters(self) -> list[EncodedMeter]:
        """Return every meter that the bridge holds."""
        body = struct.pack("!I4x", _ANY)
        return sorted(meter for part in self._ask(_METER_DESC, body) for meter in _meters(part))

    def _ask(self, kind: int, body: bytes) -> list[bytes]:
        self._send(_MULTIPART_REQUEST, struct.pack("!HH4x", kind, 0) + body)
        parts = []
        while True:
            answer, data = self._receive()
            assert answer == _MULTIPART_REPLY, (answer, data.hex())
            parts.append(data[8:])
            if not struct.unpack("!H", data[2:4])[0] & 1:
                return parts

    def _message(self, kind: int, body: bytes) -> bytes:
        return struct.pack("!BBHI", _VERSION, kind, 8 + len(body), 1) + body

    def _send(self, kind: int, body: bytes) -> None:
        self._socket.sendall(self._message(kind, body))

    def _receive(self) -> tuple[int, bytes]:
        while True:
            _, kind, length, xid = struct.unpack("!BBHI", self._file.read(8))
            body = self._file.read(length - 8)
            if kind != _ECHO:
                return kind, body
            self._socket.sendall(struct.pack("!BBHI", _VERSION, 3, length, xid) + body)


_DELETE_FLOWS = struct.pack(
    "!QQBBHHHIIIHHHH4x", 0, 0, 0xFF, 3, 0, 0, 0, _ANY, _ANY, _ANY, 0, 0, 1, 4
)
_NO_METERS = struct.pack("!HHI", 2, 0, _ANY)
_NO_GROUPS = struct.pack("!HBxIH2xI", 2, 0, 0xFFFFFFFC, 0, _ANY)


def _padded(tests: bytes) -> bytes:
    length = 4 + len(tests)
    return struct.pack("!HH", 1, length) + tests + bytes(-length % 8)


def _flow_mod(flow: EncodedFlow) -> bytes:
    head = struct.pack(
        "!QQBBHHHIIIHH", flow.cookie, 0, flow.table, 0, 0, 0, flow.priority, _ANY, _ANY, _ANY, 0, 0
    )
    return head + _padded(flow.match) + flow.instructions


def _group_mod(group: EncodedGroup) -> bytes:
    head = struct.pack("!HBxIH2xI", 0, group.kind, group.number, len(group.buckets), 0xFFFFFFFF)
    return head + group.buckets + group.properties


def _meter_mod(meter: EncodedMeter) -> bytes:
    return struct.pack("!HHI", 0, meter.flags, meter.number) + meter.bands


def _flows(data: bytes) -> Iterator[EncodedFlow]:
    while data:
        (length,) = struct.unpack_from("!H", data)
        table, priority, _, _, _, _, cookie = struct.unpack_from("!4xBxHHHHHQ", data)
        (size,) = struct.unpack_from("!2xH", data, 24)
        start = 24
        after = start + size + -size % 8
        (stats,) = struct.unpack_from("!2xH", data, after)
        rest = after + stats + -stats % 8
        yield EncodedFlow(
            table, priority, cookie, data[start + 4 : start + size], data[rest:length]
        )
        data = data[length:]


def _groups(data: bytes) -> Iterator[EncodedGroup]:
    while data:
        length, kind, number, size = struct.unpack_from("!HBxIH", data)
        yield EncodedGroup(number, kind, data[16 : 16 + size], data[16 + size : length])
        data = data[length:]


def _meters(data: bytes) -> Iterator[EncodedMeter]:
    while data:
        length, flags, number = struct.unpack_from("!HHI", data)
        yield EncodedMeter(number, flags, data[8:length])
        data = data[length:]

"""A byte stream cut into OpenFlow messages: the header, and a framer that trusts no length."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from xds_server.protocols.openflow.errors import ProtocolError

VERSION = 0x06  # OpenFlow 1.5
HEADER = struct.Struct("!BBHI")
MAX_MESSAGE = 0xFFFF


class Type(IntEnum):
    """The message types that we send or understand (OpenFlow 1.5.1 section 7.1.1)."""

    HELLO = 0
    ERROR = 1
    ECHO_REQUEST = 2
    ECHO_REPLY = 3
    EXPERIMENTER = 4
    FEATURES_REQUEST = 5
    FEATURES_REPLY = 6
    SET_CONFIG = 9
    PACKET_IN = 10
    FLOW_REMOVED = 11
    PORT_STATUS = 12
    PACKET_OUT = 13
    FLOW_MOD = 14
    GROUP_MOD = 15
    MULTIPART_REQUEST = 18
    MULTIPART_REPLY = 19
    BARRIER_REQUEST = 20
    BARRIER_REPLY = 21
    ROLE_REQUEST = 24
    ROLE_REPLY = 25
    METER_MOD = 29
    ROLE_STATUS = 30
    BUNDLE_CONTROL = 33
    BUNDLE_ADD = 34


@dataclass(frozen=True, slots=True)
class Message:
    """One framed message; ``type`` may be a number that we do not know."""

    type: int
    xid: int
    body: bytes
    version: int = VERSION


def frame(kind: Type, xid: int, body: bytes = b"") -> bytes:
    """Return a whole message.

    Raises ProtocolError when the body does not fit into a message.
    """
    length = HEADER.size + len(body)
    if length > MAX_MESSAGE:
        raise ProtocolError(f"a {kind.name} of {length} bytes does not fit into one message")
    return HEADER.pack(VERSION, kind, length, xid) + body


class Framer:
    """Cuts a stream into messages; holds at most one unfinished message (64 KiB)."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that ``data`` completes.

        Raises ProtocolError for a length shorter than a header: the stream cannot be followed.
        """
        stream = self._rest + data
        messages, start = [], 0
        while len(stream) - start >= HEADER.size:
            version, kind, length, xid = HEADER.unpack_from(stream, start)
            if length < HEADER.size:
                raise ProtocolError(f"a message of type {kind} claims a length of {length} bytes")
            if len(stream) - start < length:
                break
            body = stream[start + HEADER.size : start + length]
            messages.append(Message(kind, xid, body, version))
            start += length
        self._rest = stream[start:]
        return messages

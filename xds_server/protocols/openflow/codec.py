"""The OpenFlow 1.5 messages of a session's own life: hello, features, role, ports, bundles."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from xds_server.protocols.openflow.errors import DeviceError, ProtocolError
from xds_server.protocols.openflow.framing import VERSION, Message, Type, frame

_HELLO_ELEMENT = struct.Struct("!HH")
_BITMAP = 1  # OFPHET_VERSIONBITMAP
_FEATURES = struct.Struct("!QIBBxxII")
_ROLE = struct.Struct("!IHxxQ")
_CONFIG = struct.Struct("!HH")
_BUNDLE_CONTROL = struct.Struct("!IHH")
_PORT = struct.Struct("!IHxx6sxx16sII")
_PORT_STATUS = struct.Struct("!B7x")
_PACKET_IN = struct.Struct("!IHBBQHH")
_ERROR = struct.Struct("!HH")


class Role(IntEnum):
    """What we ask a bridge to let us do (OpenFlow 1.5.1 section 7.3.9)."""

    EQUAL = 1
    PRIMARY = 2  # the specification's MASTER: demotes every other controller of the bridge


class BundleStep(IntEnum):
    """Bundle control types (OpenFlow 1.5.1 section 7.3.9.2)."""

    OPEN_REQUEST = 0
    OPEN_REPLY = 1
    COMMIT_REQUEST = 4
    COMMIT_REPLY = 5
    DISCARD_REQUEST = 6
    DISCARD_REPLY = 7


ATOMIC_ORDERED = 0x3  # OFPBF_ATOMIC | OFPBF_ORDERED


@dataclass(frozen=True, slots=True)
class Features:
    """A bridge's answer to the features request."""

    datapath_id: int
    buffers: int
    tables: int
    auxiliary: int
    capabilities: int


@dataclass(frozen=True, slots=True)
class Port:
    """One OpenFlow port; ``number`` 0xfffffffe is the bridge's own."""

    number: int
    name: str
    mac: bytes
    config: int
    state: int


class PortReason(IntEnum):
    """Why a port status was sent (OpenFlow 1.5.1 section 7.4.3)."""

    ADD = 0
    DELETE = 1
    MODIFY = 2


@dataclass(frozen=True, slots=True)
class PacketIn:
    """A packet that a flow punted to us; ``match`` are its OXM fields (in_port, metadata ...)."""

    reason: int
    table: int
    cookie: int
    match: bytes
    data: bytes


def pad8(length: int) -> int:
    """Return how many bytes are missing to a multiple of eight."""
    return -length % 8


def hello(xid: int) -> bytes:
    """Return a hello that offers OpenFlow 1.5 alone, by version bitmap."""
    element = _HELLO_ELEMENT.pack(_BITMAP, 8) + struct.pack("!I", 1 << VERSION)
    return frame(Type.HELLO, xid, element)


def speaks_our_version(message: Message) -> bool:
    """Whether a hello's sender can speak OpenFlow 1.5 (section 6.3.1).

    Raises ProtocolError when an element of the hello is malformed.
    """
    body, start = message.body, 0
    while len(body) - start >= _HELLO_ELEMENT.size:
        kind, length = _HELLO_ELEMENT.unpack_from(body, start)
        if length < _HELLO_ELEMENT.size or start + length > len(body):
            raise ProtocolError(f"a hello element claims a length of {length} bytes")
        if kind == _BITMAP and length >= 8:
            return bool(struct.unpack_from("!I", body, start + 4)[0] & 1 << VERSION)
        start += length + pad8(length)
    return message.version >= VERSION  # without a bitmap the lower of both versions counts


def incompatible(xid: int, text: str) -> bytes:
    """Return the error that refuses a hello: HELLO_FAILED, INCOMPATIBLE."""
    return frame(Type.ERROR, xid, _ERROR.pack(0, 0) + text.encode())


def no_miss_send(xid: int) -> bytes:
    """Return a set-config that lets no packet come to us unless a flow says so."""
    return frame(Type.SET_CONFIG, xid, _CONFIG.pack(0, 0))


def role_request(xid: int, role: Role, generation: int) -> bytes:
    """Return a role request; a bridge refuses a generation older than it has seen (fencing)."""
    return frame(Type.ROLE_REQUEST, xid, _ROLE.pack(role, 0xFFFF, generation))


def bundle_control(xid: int, bundle: int, step: BundleStep) -> bytes:
    """Return a bundle control message; every bundle of ours is atomic and ordered."""
    return frame(Type.BUNDLE_CONTROL, xid, _BUNDLE_CONTROL.pack(bundle, step, ATOMIC_ORDERED))


def decode_bundle_control(body: bytes) -> tuple[int, int]:
    """Return bundle id and step of a bundle control message."""
    bundle, step, _flags = _unpack(_BUNDLE_CONTROL, body, "bundle control")
    return bundle, step


def decode_error(message: Message) -> DeviceError:
    """Return what an error message says."""
    kind, code = _unpack(_ERROR, message.body, "error")
    return DeviceError(message.xid, kind, code, message.body[_ERROR.size :])


def decode_features(body: bytes) -> Features:
    """Return a features reply."""
    datapath, buffers, tables, auxiliary, capabilities, _ = _unpack(_FEATURES, body, "features")
    return Features(datapath, buffers, tables, auxiliary, capabilities)


def decode_ports(body: bytes) -> list[Port]:
    """Return the ports of a port-desc reply or of a port status (struct ofp_port, in a row)."""
    ports, start = [], 0
    while start < len(body):
        if len(body) - start < _PORT.size:
            raise ProtocolError(f"a port is cut off after {len(body) - start} bytes")
        number, length, mac, name, config, state = _PORT.unpack_from(body, start)
        if length < _PORT.size or start + length > len(body):
            raise ProtocolError(f"port {number} claims a length of {length} bytes")
        text = name.split(b"\0", 1)[0].decode("utf-8", "replace")
        ports.append(Port(number, text, mac, config, state))
        start += length
    return ports


def decode_port_status(body: bytes) -> tuple[int, Port]:
    """Return reason and port of a port status."""
    (reason,) = _unpack(_PORT_STATUS, body, "port status")
    ports = decode_ports(body[_PORT_STATUS.size :])
    if len(ports) != 1:
        raise ProtocolError(f"a port status names {len(ports)} ports instead of one")
    return reason, ports[0]


def decode_packet_in(body: bytes) -> PacketIn:
    """Return a packet-in (OpenFlow 1.5.1 section 7.4.1)."""
    fields = _unpack(_PACKET_IN, body, "packet-in")
    _buffer, _total, reason, table, cookie, _type, length = fields
    end = _PACKET_IN.size - 4 + length
    if length < 4 or end + pad8(length) + 2 > len(body):
        raise ProtocolError(f"a packet-in's match claims a length of {length} bytes")
    match = body[_PACKET_IN.size : end]
    return PacketIn(reason, table, cookie, match, body[end + pad8(length) + 2 :])


def _unpack(layout: struct.Struct, body: bytes, what: str) -> tuple[int, ...]:
    if len(body) < layout.size:
        raise ProtocolError(f"a {what} of {len(body)} bytes is shorter than {layout.size}")
    return layout.unpack_from(body)

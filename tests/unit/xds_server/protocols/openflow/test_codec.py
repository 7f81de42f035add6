"""The session's messages, held against another codec and against hostile bytes."""

import importlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.openflow import codec
from xds_server.protocols.openflow.codec import BundleStep, PacketIn, Port, Role
from xds_server.protocols.openflow.errors import DeviceError, ProtocolError
from xds_server.protocols.openflow.framing import Framer, Message, Type

OFP = importlib.import_module("os_ken.ofproto.ofproto_v1_5")
PARSER = importlib.import_module("os_ken.ofproto.ofproto_v1_5_parser")
PROTOCOL = importlib.import_module("os_ken.ofproto.ofproto_protocol")


def _theirs(cls: str, *args: object, **kwargs: object) -> bytes:
    datapath = PROTOCOL.ProtocolDesc(version=OFP.OFP_VERSION)
    message = getattr(PARSER, cls)(datapath, *args, **kwargs)
    message.xid = 77
    message.serialize()
    return bytes(message.buf)


def _port(number: int, name: bytes, length: int = 40) -> bytes:
    return struct.pack("!IHxx6sxx16sII", number, length, b"\x02" * 6, name, 1, 4)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (codec.no_miss_send(77), ("OFPSetConfig", 0, 0)),
        (codec.bundle_control(77, 5, BundleStep.OPEN_REQUEST), ("OFPBundleCtrlMsg", 5, 0, 3, [])),
        (codec.bundle_control(77, 5, BundleStep.COMMIT_REQUEST), ("OFPBundleCtrlMsg", 5, 4, 3, [])),
    ],
)
def test_we_say_what_another_codec_says(ours: bytes, theirs: tuple[Any, ...]) -> None:
    assert ours == _theirs(*theirs)


def test_a_role_request_leaves_the_short_id_undefined() -> None:
    expected = struct.pack("!BBHIIHxxQ", 6, 24, 24, 77, 2, 0xFFFF, 9)
    assert codec.role_request(77, Role.PRIMARY, 9) == expected


def test_our_own_hello_is_one_that_we_understand() -> None:
    (message,) = Framer().feed(codec.hello(1))
    assert codec.speaks_our_version(message)


@pytest.mark.parametrize(
    ("version", "body", "speaks"),
    [
        (6, b"", True),
        (4, b"", False),
        (4, struct.pack("!HHI", 1, 8, 1 << 6), True),
        (6, struct.pack("!HHI", 1, 8, 1 << 4), False),
        (6, struct.pack("!HHIHHI", 9, 8, 0, 1, 8, 1 << 4), False),
    ],
)
def test_a_bitmap_outweighs_the_version(version: int, body: bytes, speaks: bool) -> None:
    assert codec.speaks_our_version(Message(Type.HELLO, 1, body, version)) is speaks


@pytest.mark.parametrize("length", [0, 3, 200])
def test_a_hello_element_cannot_lie_about_its_length(length: int) -> None:
    with pytest.raises(ProtocolError, match="hello element"):
        codec.speaks_our_version(Message(Type.HELLO, 1, struct.pack("!HHI", 1, length, 64)))


def test_the_refusal_of_a_hello_is_an_incompatible_error() -> None:
    (message,) = Framer().feed(codec.incompatible(4, "only 1.5"))
    assert codec.decode_error(message) == DeviceError(4, 0, 0, b"only 1.5")


def test_features_are_read() -> None:
    body = struct.pack("!QIBBxxII", 0xAA, 0, 254, 0, 0x4F, 0)
    assert codec.decode_features(body).datapath_id == 0xAA
    assert codec.decode_features(body).tables == 254


def test_ports_are_read_in_a_row_with_their_properties() -> None:
    body = _port(1, b"web", 44) + b"\0\1\0\4" + _port(0xFFFFFFFE, b"br0")
    assert codec.decode_ports(body) == [
        Port(1, "web", b"\x02" * 6, 1, 4),
        Port(0xFFFFFFFE, "br0", b"\x02" * 6, 1, 4),
    ]


@pytest.mark.parametrize("body", [_port(1, b"x")[:39], _port(1, b"x", 0), _port(1, b"x", 41)])
def test_ports_cannot_lie_about_their_length(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        codec.decode_ports(body)


def test_a_port_status_names_exactly_one_port() -> None:
    assert codec.decode_port_status(bytes([1]) + bytes(7) + _port(3, b"db"))[1].name == "db"
    with pytest.raises(ProtocolError, match="2 ports"):
        codec.decode_port_status(bytes(8) + _port(3, b"db") * 2)


def test_a_packet_in_is_read() -> None:
    match = bytes.fromhex("8000000400000001")
    head = struct.pack("!IHBBQHH", 0xFFFFFFFF, 3, 1, 20, 0xF5D0 << 48, 1, 12)
    body = head + match + bytes(4) + bytes(2) + b"abc"
    assert codec.decode_packet_in(body) == PacketIn(1, 20, 0xF5D0 << 48, match, b"abc")
    with pytest.raises(ProtocolError, match="match"):
        codec.decode_packet_in(head + match)


@given(body=st.binary(max_size=200))
def test_hostile_bytes_end_in_the_protocol_error_alone(body: bytes) -> None:
    message = Message(Type.HELLO, 1, body)
    decoders = (
        codec.decode_bundle_control,
        codec.decode_features,
        codec.decode_ports,
        codec.decode_port_status,
        codec.decode_packet_in,
    )
    for decode in decoders:
        try:
            decode(body)
        except ProtocolError as error:
            assert str(error)  # noqa: PT017
    for read in (codec.speaks_our_version, codec.decode_error):
        try:
            read(message)
        except ProtocolError as error:
            assert str(error)  # noqa: PT017

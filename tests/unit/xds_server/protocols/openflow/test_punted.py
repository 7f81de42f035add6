"""A punted segment is read with suspicion, and the resets for it are those of RFC 9293."""

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.punted import (
    ACK,
    RST,
    SYN,
    Segment,
    back,
    checksum,
    frame_of,
    metadata,
    onward,
    segment_of,
)

FOUR = ((ip_address("10.0.0.1"), 4000), (ip_address("10.0.0.9"), 80))
SIX = ((ip_address("fd10::1"), 4000), (ip_address("fd10::9"), 80))
VIRTUAL = (ip_address("10.0.0.200"), 8)


@pytest.mark.parametrize("ends", [FOUR, SIX])
def test_a_frame_is_read_as_it_was_written(ends: tuple[tuple, tuple]) -> None:  # type: ignore[type-arg]
    data = frame_of(*ends, 7, 9, ACK)
    assert segment_of(data) == Segment(*ends, 7, 9, ACK, 0)
    tcp = data[34:] if ends is FOUR else data[54:]
    pseudo = ends[0][0].packed + ends[1][0].packed + bytes([0, 0, 0, 20, 0, 0, 0, 6])
    assert checksum(pseudo + tcp) == 0
    if ends is FOUR:
        assert checksum(data[14:34]) == 0


def test_the_sender_is_reset_where_it_waits() -> None:
    one = Segment(*FOUR, 1000, 2000, ACK, 10)
    told = segment_of(back(one, VIRTUAL, FOUR[0]))
    assert told == Segment(VIRTUAL, FOUR[0], 2000, 0, RST, 0)
    bare = Segment(*FOUR, 1000, 0, SYN, 1)
    assert segment_of(back(bare, VIRTUAL, FOUR[0])) == Segment(
        VIRTUAL, FOUR[0], 0, 1001, RST | ACK, 0
    )


def test_the_receiver_is_reset_where_the_sender_was() -> None:
    one = Segment(*FOUR, 1000, 2000, ACK, 10)
    told = segment_of(onward(one, FOUR[0], VIRTUAL))
    assert told == Segment(FOUR[0], VIRTUAL, 1000, 2000, RST | ACK, 0)


def test_the_length_is_the_packets_not_the_frames() -> None:
    whole = bytearray(frame_of(*FOUR, 1, 2, ACK) + bytes(100))
    whole[16:18] = (140).to_bytes(2, "big")
    one = segment_of(bytes(whole[:60]))
    assert one is not None
    assert one.length == 100


def test_what_is_no_tcp_is_nothing() -> None:
    data = bytearray(frame_of(*FOUR, 1, 2, ACK))
    data[23] = 17
    assert segment_of(bytes(data)) is None
    assert segment_of(bytes(12) + b"\x08\x06" + bytes(40)) is None


def test_registers_come_by_pairs() -> None:
    pair = bytes.fromhex("80010008" + "0000000500000007")
    masked = bytes.fromhex("80010310" + "0000000100000000" + "ffffffff00000000")
    mark = bytes.fromhex("0001d604" + "0000000c")
    found = metadata(pair + masked + mark)
    assert found[1, 0] == 5
    assert found[1, 1] == 7
    assert found[1, 2] == 1
    assert found[1, 107] == 12


@given(st.binary(max_size=120), st.booleans())
def test_nothing_but_a_protocol_error_comes_of_any_bytes(data: bytes, six: bool) -> None:
    kind = b"\x86\xdd" if six else b"\x08\x00"
    for read in (segment_of, metadata):
        with suppress(ProtocolError):
            read(bytes(12) + kind + data if read is segment_of else data)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.xds.protobuf import (
    MalformedError,
    message,
    number,
    opening,
    put,
    put_number,
    put_text,
    run,
    scan,
    text,
    varint,
)


def test_fields_come_back_in_order() -> None:
    data = put_number(1, 300) + put_text(2, "é") + put(15, b"") + put_number(16, 1)
    assert list(scan(data)) == [(1, 300), (2, "é".encode()), (15, b""), (16, 1)]


def test_reading_stops_where_it_is_told_to() -> None:
    first = put_text(2, "a") + put_number(3, 300)
    assert list(scan(first + put_text(4, "b"), len(first))) == list(scan(first))


def test_defaults_are_left_out_but_empty_messages_are_not() -> None:
    assert put_text(1, "") + put_number(2, 0) == b""
    assert put(3, b"") == b"\x1a\x00"


def test_fixed_sizes_are_skipped_whole() -> None:
    data = b"\x09" + bytes(8) + b"\x15" + bytes(4) + put_number(3, 7)
    assert [key for key, _ in scan(data)] == [1, 2, 3]


@given(st.integers(0, 2**64 - 1))
def test_varints(value: int) -> None:
    assert list(scan(b"\x08" + varint(value))) == [(1, value)]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"\x0a\x05ab", "wants 5 bytes, 2 are left"),
        (b"\x08", "truncated varint"),
        (b"\x08" + b"\xff" * 11, "more than 10 bytes"),
        (b"\x00\x01", "field number 0"),
        (b"\x0b\x0c", "wire type 3"),
        (b"\x09\x00", "wants 8 bytes"),
    ],
)
def test_malformed(data: bytes, complaint: str) -> None:
    with pytest.raises(MalformedError, match=complaint):
        list(scan(data))


def test_kinds_are_checked() -> None:
    with pytest.raises(MalformedError, match="number stands"):
        message(1)
    with pytest.raises(MalformedError, match="belongs"):
        number(b"x")
    with pytest.raises(MalformedError, match="UTF-8"):
        text(b"\xff")


@pytest.mark.parametrize(
    ("data", "found", "rest"),
    [
        (b"\x2a\x01a\x2a\x00\x2a\x02bc", [b"a", b"", b"bc"], 9),
        (b"\x2a\x01a\x32\x01b\x2a\x01c", [b"a"], 3),  # up to another field
        (b"\x2a\x01a\x2a\x05bc", [b"a"], 3),  # a truncated one is for scan to refuse
        (b"\x2a\x01a\x2a\x80\x01" + b"x" * 128, [b"a"], 3),
        (b"\x2a", [], 0),
        (b"", [], 0),
    ],
)
def test_a_run_of_one_field(data: bytes, found: list[bytes], rest: int) -> None:
    assert run(data, 0x2A) == (found, rest)
    assert [value for _, value in scan(data[:rest])] == found


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2047, 2048, 16_383, 16_384, 2**64 - 1])
def test_varints_are_the_same_from_the_table(value: int) -> None:
    [(_, found)] = scan(b"\x08" + varint(value))
    assert found == value
    assert len(varint(value)) == max(1, -(-value.bit_length() // 7))


def test_an_opening_and_its_value_are_a_field() -> None:
    for size in (0, 1, 127, 128, 20_000):
        value = b"x" * size
        assert opening(2, size) + value == put(2, value)
        assert list(scan(opening(900, size) + value)) == [(900, value)]

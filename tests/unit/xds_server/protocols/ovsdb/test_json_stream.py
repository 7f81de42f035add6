"""Messages are found however the stream is cut, and hostile text ends in one kind of error."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.ovsdb.json_stream import JsonStream, OvsdbProtocolError

LEAVES = st.none() | st.booleans() | st.integers() | st.text('a"\\{é\u2028', max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("k{"), inner),
    max_leaves=8,
)
MESSAGES = st.lists(st.dictionaries(st.text("k]", max_size=5), VALUES, max_size=3), max_size=5)


@given(
    messages=MESSAGES,
    cut=st.integers(1, 40),
    gap=st.sampled_from(["", " ", "\r\n\t "]),
    ascii_only=st.booleans(),
)
def test_a_stream_cut_anywhere_gives_the_same_messages(
    messages: list[dict[str, Any]], cut: int, gap: str, ascii_only: bool
) -> None:
    texts = (json.dumps(message, ensure_ascii=ascii_only) for message in messages)
    stream = gap.join(texts).encode("utf-8", "surrogatepass")
    splitter, found = JsonStream(), []
    for start in range(0, len(stream), cut):
        found += splitter.feed(stream[start : start + cut])
    assert found == messages


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[1]", "opening brace"),
        (b"GET / HTTP/1.1", "opening brace"),
        (b'{"a" 1}', "not JSON"),
        (b"{]", "not JSON"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": "\xff"}', "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a":' + b"[" * 40, "more than 32 levels"),
        (b'{"a":' + b"[" * 200_000, "more than 32 levels"),
    ],
)
def test_what_is_no_message_is_refused_with_its_reason(text: bytes, why: str) -> None:
    with pytest.raises(OvsdbProtocolError, match=why):
        JsonStream().feed(text)


@pytest.mark.parametrize("piece", [b"x" * 1001, b"\\\\" * 501])
def test_a_message_without_end_is_refused(piece: bytes) -> None:
    splitter = JsonStream(largest=10_000)
    splitter.feed(b'{"a":"')
    for _ in range(9):
        splitter.feed(piece)
    with pytest.raises(OvsdbProtocolError, match="more than 10000 bytes"):
        splitter.feed(piece)


@given(stream=st.binary(max_size=200), cut=st.integers(1, 20))
def test_hostile_bytes_end_in_the_protocol_error_alone(stream: bytes, cut: int) -> None:
    splitter = JsonStream()
    try:
        for start in range(0, len(stream), cut):
            for message in splitter.feed(stream[start : start + cut]):
                assert isinstance(message, dict)
    except OvsdbProtocolError as error:
        assert str(error)  # noqa: PT017

"""A stream becomes the same messages however it is cut; lengths are never believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.framing import Framer, Message, Type, frame

MESSAGES = st.lists(
    st.tuples(st.sampled_from(Type), st.integers(0, 2**32 - 1), st.binary(max_size=40)), max_size=8
)


@given(messages=MESSAGES, cuts=st.lists(st.integers(1, 9), min_size=1))
def test_a_stream_cut_anywhere_gives_the_same_messages(
    messages: list[tuple[Type, int, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(frame(*message) for message in messages)
    framer, found, step = Framer(), [], 0
    while stream:
        size = cuts[step % len(cuts)]
        found += framer.feed(stream[:size])
        stream, step = stream[size:], step + 1
    assert found == [Message(*message) for message in messages]


def test_a_length_below_the_header_ends_the_stream() -> None:
    with pytest.raises(ProtocolError, match="length of 7 bytes"):
        Framer().feed(b"\x06\x00\x00\x07\x00\x00\x00\x01")


def test_a_body_that_does_not_fit_is_refused() -> None:
    assert len(frame(Type.ECHO_REPLY, 1, bytes(65527))) == 65535
    with pytest.raises(ProtocolError, match="65536 bytes"):
        frame(Type.ECHO_REPLY, 1, bytes(65528))

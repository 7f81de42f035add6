from dataclasses import dataclass

import pytest

from xds_server.protocols.workers.framing import Frame, FrameError, Frames
from xds_server.protocols.workers.shapes import (
    Codec,
    each,
    every,
    flag,
    maybe,
    numbers,
    real,
    row,
    text,
    whole,
)


@dataclass(frozen=True, slots=True)
class Plain:
    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Heavy:
    number: int
    data: bytes


CODEC: Codec[Plain | Heavy] = Codec({Plain: (text, each(int)), Heavy: (whole,)})


@pytest.mark.parametrize(
    "message", [Plain("a", (1, 2)), Plain("", ()), Heavy(3, b"\x00"), Heavy(0, b"")]
)
def test_messages_come_back(message: Plain | Heavy) -> None:
    [frame] = Frames(1000).feed(CODEC.encode(message))
    assert CODEC.decode(frame) == message


@pytest.mark.parametrize(
    "frame",
    [
        Frame(["Other"]),
        Frame([3]),
        Frame([["Plain"]]),
        Frame(["Plain", "a"]),
        Frame(["Plain", "a", [1], 2]),
        Frame(["Plain", 1, [1]]),
        Frame(["Plain", "a", ["1"]]),
        Frame(["Plain", "a", [True]]),
        Frame(["Plain", "a", {}]),
        Frame(["Plain", "a", []], b"tail"),
        Frame(["Heavy", True], b"tail"),
    ],
)
def test_what_has_another_form_is_refused(frame: Frame) -> None:
    with pytest.raises(FrameError):
        CODEC.decode(frame)


def test_a_whole_number_is_a_number_and_true_is_none() -> None:
    assert real(2) == 2.0
    assert type(real(2)) is float
    for wrong in (True, "2", None):
        with pytest.raises(FrameError):
            real(wrong)
    assert flag(True) is True
    with pytest.raises(FrameError):
        flag(1)


def test_rows_and_arrays() -> None:
    check = every(row(text, maybe(whole)))
    assert check([["a", 1], ["b", None]]) == (("a", 1), ("b", None))
    with pytest.raises(FrameError, match="2 values expected, 1 found"):
        check([["a"]])


def test_objects_of_numbers() -> None:
    found = numbers({"a": 1, "b": {"c": 2.5}})
    assert found == {"a": 1, "b": {"c": 2.5}}
    assert type(found["a"]) is int
    for wrong in ([], {"a": "1"}, {"a": True}, {"a": {"b": None}}):
        with pytest.raises(FrameError):
            numbers(wrong)

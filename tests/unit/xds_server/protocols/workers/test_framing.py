import pytest

from xds_server.protocols.workers.framing import Frame, FrameError, Frames, packed


def test_frames_come_out_as_they_went_in_however_they_are_cut() -> None:
    data = packed(["a", 1]) + packed(["b", [True, None, 2.5]], b"\x00raw") + packed(["c", "\ud800"])
    frames = Frames(1000)
    found = [frame for index in range(len(data)) for frame in frames.feed(data[index : index + 1])]
    expected = [
        Frame(["a", 1]),
        Frame(["b", [True, None, 2.5]], b"\x00raw"),
        Frame(["c", "\ud800"]),
    ]
    assert found == expected
    assert list(Frames(1000).feed(data)) == found


def test_a_frame_that_is_too_long_is_refused_before_it_is_there() -> None:
    with pytest.raises(FrameError, match="a frame of 1003 bytes, 100 are allowed"):
        list(Frames(100).feed(packed(["a" * 999])[:8]))


@pytest.mark.parametrize("text", [b"{}", b"[]", b"[", b"[NaN]", b"\xff", b"[" * 100_000])
def test_what_is_no_array_is_refused(text: bytes) -> None:
    frame = len(text).to_bytes(4, "big") + bytes(4) + text
    with pytest.raises(FrameError):
        list(Frames(1 << 20).feed(frame))

import pytest

from xds_server.protocols.xds.initial import Initials, scan_initial, weigh
from xds_server.protocols.xds.memo import Memo
from xds_server.protocols.xds.protobuf import MalformedError, put, put_text


def said(versions: dict[str, str]) -> bytes:
    parts = [put(5, put_text(1, name) + put_text(2, version)) for name, version in versions.items()]
    return b"".join(parts)


def initials(most: int = 10_000) -> Initials:
    return Initials(Memo(), most)


def test_fields_around_them_are_kept_in_order() -> None:
    found = scan_initial(put_text(6, "n") + said({"a": "1"}) + put_text(3, "x") + said({"a": "2"}))
    assert found.versions == {"a": "2"}  # as of any map, the last entry counts
    assert found.others == ((6, b"n"), (3, b"x"))


def test_equal_versions_are_one_object_in_any_order() -> None:
    reader = initials()
    one = reader.read(said({"a": "1", "b": "2"}))
    assert reader.read(said({"a": "1", "b": "2"})) is one
    other = reader.read(said({"b": "2", "a": "1"}) + put_text(6, "n"))
    assert other.versions is one.versions
    assert other.others == ((6, b"n"),)


@pytest.mark.parametrize("versions", [{"a": "1"}, {"a": "1", "b": "3"}, {"a": "12", "b": ""}])
def test_others_are_not_mixed_up(versions: dict[str, str]) -> None:
    reader = initials()
    reader.read(said({"a": "1", "b": "2"}))
    assert reader.read(said(versions)).versions == versions


def test_what_is_malformed_stays_malformed() -> None:
    reader = initials()
    for _ in range(2):
        with pytest.raises(MalformedError):
            reader.read(said({"a": "1"}) + put(5, b"\x0a\x05x"))


def test_a_request_without_any_is_not_kept() -> None:
    reader = initials()
    assert reader.read(put_text(6, "n")).others == ((6, b"n"),)
    assert not reader._read._known


def test_memory_is_bounded_by_what_is_held_not_by_what_was_sent() -> None:
    reader = initials(10_000)
    for number in range(100):
        reader.read(said({f"{number}-{name}": "" for name in range(10)}))
    assert 0 < len(reader._read._known) < 5
    reader.read(said({"x" * 2_000_000: ""}))
    assert max(map(len, reader._read._known)) < 1000


def test_long_names_count_for_several() -> None:
    assert weigh({"a": "1", "b": None}) == 2
    assert weigh({"x" * 1000: "1"}) > 5

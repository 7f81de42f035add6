import pytest

from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.protocols.xds.requests import Requests
from xds_server.protocols.xds.wire import scan_sotw


def test_equal_bytes_are_read_once() -> None:
    seen: list[bytes] = []
    requests = Requests(lambda data: seen.append(data) or len(seen))
    assert [requests.read(b"one") for _ in range(3)] == [1, 1, 1]
    assert requests.read(b"two") == 2
    assert seen == [b"one", b"two"]


def test_what_is_malformed_stays_malformed() -> None:
    requests = Requests(scan_sotw)
    for _ in range(2):
        with pytest.raises(MalformedError):
            requests.read(b"\xff")


def test_memory_is_bounded_and_long_requests_are_not_kept() -> None:
    requests = Requests(len, most=100)
    for number in range(50):
        requests.read(f"{number:010}".encode())
    assert len(requests._known) == 10
    requests.read(b"x" * 100_000)
    assert len(requests._known) == 10


def test_an_entry_costs_what_it_weighs() -> None:
    requests = Requests(len, most=100, weigh=lambda data, read: 10 * read)
    for said in (b"1234", b"5678", b"90"):
        requests.read(said)
    assert list(requests._known) == [b"1234", b"5678", b"90"]
    requests.read(b"0")
    assert list(requests._known) == [b"5678", b"90", b"0"]

"""Statistics of meters as bytes, and the counters of a cookie over all tables."""

import struct

import pytest

from xds_server.protocols.openflow.counters import (
    Counters,
    decode_meter_stats,
    decode_queue_stats,
)
from xds_server.protocols.openflow.errors import ProtocolError


def meter_stats(number: int, *bands: tuple[int, int]) -> bytes:
    """Return one meter's statistics: 9 packets in, and what each band dropped."""
    head = struct.pack("!IH6xIQQII", number, 40 + 16 * len(bands), 0, 9, 900, 5, 0)
    return head + b"".join(struct.pack("!QQ", *band) for band in bands)


def queue_stats(port: int, number: int, dropped: int) -> bytes:
    """Return one queue's statistics: 9 packets of 900 bytes that it sent, and what it dropped."""
    return struct.pack("!H6xIIQQQII", 48, port, number, 900, 9, dropped, 5, 0)


def test_what_bands_dropped_is_summed_by_meter() -> None:
    payload = meter_stats(7, (2, 200), (3, 300)) + meter_stats(8) + meter_stats(9, (1, 60))
    assert dict(decode_meter_stats(payload)) == {7: (5, 500), 8: (0, 0), 9: (1, 60)}


@pytest.mark.parametrize("cut", [1, 39, 41, 55])
def test_what_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ProtocolError, match="meter"):
        list(decode_meter_stats(meter_stats(7, (2, 200))[:cut]))


@pytest.mark.parametrize("length", [0, 39, 41, 57])
def test_a_length_that_cannot_be_is_refused(length: int) -> None:
    payload = bytearray(meter_stats(7, (2, 200)))
    struct.pack_into("!H", payload, 4, length)
    with pytest.raises(ProtocolError, match="statistics of meter 7 claim"):
        list(decode_meter_stats(bytes(payload)))


def test_a_cookie_counts_over_all_tables() -> None:
    counters = Counters({(20, 5): (1, 10), (22, 5): (2, 20), (20, 6): (9, 90)})
    assert counters.of(5) == (3, 30)
    assert counters.of(7) == (0, 0)


def test_queues_tell_what_they_dropped_by_port_and_number() -> None:
    payload = queue_stats(3, 7, 5) + queue_stats(3, 8, 0) + queue_stats(4, 7, 2)
    assert dict(decode_queue_stats(payload)) == {(3, 7): 5, (3, 8): 0, (4, 7): 2}


@pytest.mark.parametrize(
    "payload", [queue_stats(3, 7, 5)[:47], b"\0\x2f" + queue_stats(3, 7, 5)[2:]]
)
def test_queues_that_are_cut_off_are_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match="queue"):
        list(decode_queue_stats(payload))

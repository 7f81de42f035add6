"""Statistics of meters as bytes, and the counters of a cookie over all tables."""

import struct

import pytest

from xds_server.protocols.openflow.counters import Counters, decode_meter_stats
from xds_server.protocols.openflow.errors import ProtocolError


def meter_stats(number: int, *bands: tuple[int, int]) -> bytes:
    """Return one meter's statistics: 9 packets in, and what each band dropped."""
    head = struct.pack("!IH6xIQQII", number, 40 + 16 * len(bands), 0, 9, 900, 5, 0)
    return head + b"".join(struct.pack("!QQ", *band) for band in bands)


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

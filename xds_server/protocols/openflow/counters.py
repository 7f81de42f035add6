"""What a bridge counted: by flows of ours, and by the meters and queues that dropped."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from xds_server.protocols.openflow.errors import ProtocolError

Counts = tuple[int, int]  # packets and bytes
# struct ofp_meter_stats and ofp_meter_band_stats (OpenFlow 1.5.1 section 7.3.5.13)
_METER = struct.Struct("!IHxxxxxxIQQII")
_BAND = struct.Struct("!QQ")
# struct ofp_queue_stats (section 7.3.5.9); its errors are what linux-htb had no room for
_QUEUE = struct.Struct("!HxxxxxxIIQQQII")


@dataclass(frozen=True, slots=True)
class Counters:
    """Packets and bytes that flows of ours met, by table and cookie; and that meters dropped.

    ``queues`` are the packets that a queue dropped, by its port and number, whoever made it.
    """

    flows: Mapping[tuple[int, int], Counts] = field(default_factory=dict)
    meters: Mapping[int, Counts] = field(default_factory=dict)
    queues: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def of(self, cookie: int) -> Counts:
        """Return what all flows with a cookie met."""
        found = [counts for (_, own), counts in self.flows.items() if own == cookie]
        return sum(packets for packets, _ in found), sum(size for _, size in found)


def decode_meter_stats(payload: bytes) -> Iterator[tuple[int, Counts]]:
    """Yield each meter of one part of a meter statistics reply, with what its bands dropped."""
    start, end = 0, len(payload)
    while start < end:
        if end - start < _METER.size:
            raise ProtocolError(f"meter statistics are cut off after {end - start} bytes")
        number, length, *_ = _METER.unpack_from(payload, start)
        bands = length - _METER.size
        if bands < 0 or bands % _BAND.size or start + length > end:
            raise ProtocolError(f"statistics of meter {number} claim a length of {length} bytes")
        found = list(_BAND.iter_unpack(payload[start + _METER.size : start + length]))
        yield number, (sum(packets for packets, _ in found), sum(size for _, size in found))
        start += length


def decode_queue_stats(payload: bytes) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield port and number of each queue of one part of a reply, with the packets it dropped."""
    start, end = 0, len(payload)
    while start < end:
        if end - start < _QUEUE.size:
            raise ProtocolError(f"queue statistics are cut off after {end - start} bytes")
        length, port, number, _bytes, _packets, dropped, *_ = _QUEUE.unpack_from(payload, start)
        if length < _QUEUE.size or start + length > end:
            raise ProtocolError(f"statistics of queue {number} claim a length of {length} bytes")
        yield (port, number), dropped
        start += length

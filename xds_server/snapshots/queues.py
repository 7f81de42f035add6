"""The queues that ports of a bridge should have, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class PortQueue:
    """A queue of one port: what is sent to it leaves by ``rate``, and what is more waits."""

    number: int  # as set_queue names it
    rate: int  # kbit/s
    burst: int  # kbit that may leave at once
    rule: str  # that it is for
    dscp: int | None = None  # that its packets are marked with


# By port: an interface's name, or "iface-id=" and its external id.
Queues = Mapping[str, tuple[PortQueue, ...]]

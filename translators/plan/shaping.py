"""Shaping: how fast the connections that a rule admits may be, and how their packets are marked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Shaping:
    """A limit for each direction, and a mark in the IP header.

    All connections that the rule admits from workloads of one host share the limit. With ``queue``
    each workload has it by itself for what it gets, and what is more waits.
    """

    rate: int | None = None  # kbit/s
    burst: int = 0  # kbit that may come at once; 0 without a rate
    dscp: int | None = None  # 0..63 (RFC 2474)
    queue: bool = False

"""Routers: what joins segments of a tenant to each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Router:
    """A router that every host's bridge is a part of; its segments share one conntrack zone.

    A connection between two of them then meets the same zone in both directions, on each bridge.
    """

    name: str  # tenant/name
    zone: int  # 1..65535, no segment's number

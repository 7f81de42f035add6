"""Routers: what joins segments of a tenant to each other, and hosts to networks outside."""

from __future__ import annotations

from dataclasses import dataclass

from translators.plan.terms import Address


@dataclass(frozen=True, slots=True, order=True)
class Router:
    """A router that every host's bridge is a part of; its segments share one conntrack zone.

    A connection between two of them then meets the same zone in both directions, on each bridge.
    """

    name: str  # tenant/name
    zone: int  # 1..65535, no segment's number


@dataclass(frozen=True, slots=True, order=True)
class External:
    """A host's way to networks outside, by source NAT; connections begin inside only."""

    port: str  # vswitch interface that leads outside
    mac: str  # the bridge's own there; lower case, colons
    addresses: tuple[Address, ...]  # that connections leave with, at most one a family
    gateway_mac: str  # the next hop's
    zone: int  # conntrack zone of the translation: addresses of all segments meet in it

    def address(self, family: int) -> Address | None:
        """Return the address that connections of a family (4 or 6) leave with."""
        return next((a for a in self.addresses if a.version == family), None)

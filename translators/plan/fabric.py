"""Switches of the fabric and the cables between them, as the plan has them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from translators.plan.terms import Origin, Role


@dataclass(frozen=True, slots=True, order=True)
class SwitchPort:
    """A bare port of a leaf that belongs to a segment."""

    name: str
    segment: str


@dataclass(frozen=True, slots=True, order=True)
class Switch:
    """A fabric switch."""

    name: str
    role: Role
    asn: int
    loopback: IPv4Address
    ports: tuple[SwitchPort, ...]
    origin: Origin


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A cable between two switches; ``a`` and ``b`` are (switch, interface)."""

    name: str
    a: tuple[str, str]
    b: tuple[str, str]
    origin: Origin

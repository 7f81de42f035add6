"""A workload of the bed: a namespace of its own, wired to its host for the bridge there."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface

from integration.bed.netns import End, Namespace, checksums_by_software, create, wire

Interface = IPv4Interface | IPv6Interface


@dataclass(frozen=True, slots=True)
class Place:
    """Where a workload is plugged in, and what it calls itself; ``mtu`` in bytes."""

    port: str
    mac: str
    addresses: tuple[Interface, ...]
    gateways: tuple[str, ...]
    mtu: int


def attach(name: str, host: Namespace, place: Place) -> Namespace:
    """Create the namespace ``name``, wired to the host, addresses and routes set."""
    namespace = create(name)
    inside = End(namespace, "eth0", place.mac, place.mtu)
    wire(End(host, place.port, mtu=place.mtu), inside)
    checksums_by_software(inside)
    address(namespace, "eth0", place)
    return namespace


def address(namespace: Namespace, interface: str, place: Place) -> None:
    """Give an interface the addresses and default routes of its place."""
    namespace.ip(
        *(f"addr add {given} dev {interface}" for given in place.addresses),
        *(f"route add default via {gateway} dev {interface}" for gateway in place.gateways),
    )

"""Endpoint assignments, as typed messages and, for the hot path, straight from tuples to bytes."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from envoy_data_plane.envoy.config.core.v3 import Address as EnvoyAddress
from envoy_data_plane.envoy.config.core.v3 import Locality, SocketAddress
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)

from translators.envoy.clusters import Destination
from translators.envoy.encode import delimited, length_tag, varint
from translators.plan.model import Plan

Location = tuple[str, int]  # an address as text, and a port
Key = TypeVar("Key")
Part = TypeVar("Part")

_ONE, _TWO = length_tag(1), length_tag(2)
_PORT_VALUE = varint(3 << 3)
_WEIGHT = length_tag(3) + b"\x02\x08\x01"  # load_balancing_weight: {value: 1}
_LOCALITY = length_tag(1) + b"\x00"


def locations(plan: Plan, destination: Destination) -> tuple[Location, ...]:
    """Return where the destination's endpoints listen, in the door's address family, sorted.

    One that drains is left out: requests under way finish, and by its health alone Envoy would
    choose it again once most of a cluster drains (its panic mode).
    """
    door = destination.door
    names = door.service.endpoints
    if destination.subset is not None:
        names = {s.name: s.endpoints for s in door.service.subsets}[destination.subset]
    numbers: set[int] = set()  # addresses themselves are slow to hash and to compare
    for name in (name for name in names if name not in door.service.draining):
        for address in plan.endpoint[name].addresses:
            if address.version == door.family:
                numbers.add(int(address))
                break  # one address each, or an endpoint would weigh more than another
    texts = _TEXTS[door.family]
    return tuple((texts[number], door.port.target) for number in sorted(numbers))


def assignment(name: str, found: tuple[Location, ...]) -> ClusterLoadAssignment:
    """Return the cluster's endpoints, in one locality (gRPC's own client asks for a weight)."""
    if not found:
        return ClusterLoadAssignment(cluster_name=name)
    locality = LocalityLbEndpoints(
        locality=Locality(),
        lb_endpoints=[LbEndpoint(endpoint=_endpoint(*location)) for location in found],
        load_balancing_weight=1,
    )
    return ClusterLoadAssignment(cluster_name=name, endpoints=[locality])


def socket_address(address: str, port: int) -> EnvoyAddress:
    """Return a TCP address as Envoy writes it."""
    return EnvoyAddress(socket_address=SocketAddress(address=address, port_value=port))


def assignment_bytes(name: str, found: tuple[Location, ...]) -> bytes:
    """Return the bytes of ``assignment(name, found)``, without building its messages.

    Each location's part is kept, so that one changed endpoint of many costs one part and a copy.
    """
    head = delimited(_ONE, name.encode())
    if not found:
        return head
    members = b"".join(map(_MEMBERS.__getitem__, found))
    return head + delimited(_TWO, _LOCALITY + members + _WEIGHT)


def _endpoint(address: str, port: int) -> Endpoint:
    return Endpoint(address=socket_address(address, port))


def _member(location: Location) -> bytes:
    """Return one lb_endpoints field: LbEndpoint > Endpoint > Address > SocketAddress."""
    address, port = location
    body = delimited(_TWO, address.encode()) + _PORT_VALUE + varint(port)
    for _ in range(3):
        body = delimited(_ONE, body)
    return delimited(_TWO, body)


class Kept(dict[Key, Part]):
    """What is made of a key once and kept; forgotten as a whole when it is too much."""

    def __init__(self, make: Callable[[Key], Part], most: int = 200_000) -> None:
        self._make, self._most = make, most

    def __missing__(self, key: Key) -> Part:
        if len(self) >= self._most:
            self.clear()
        self[key] = part = self._make(key)
        return part


_MEMBERS = Kept(_member)
_TEXTS: dict[int, Kept[int, str]] = {
    4: Kept(lambda n: str(IPv4Address(n))),
    6: Kept(lambda n: str(IPv6Address(n))),
}

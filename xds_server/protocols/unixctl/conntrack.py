"""The connections in what ``dpctl/dump-conntrack -m -s`` prints (ovs-vswitchd(8)), one a line.

A line that is not as it should be is left out and counted: a newer Open vSwitch may print more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58, "sctp": 132}
_PART = re.compile(r"(\w+)=(\([^()]*\)|[^,()]*)")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of a connection; ``packets`` and ``bytes`` are None where nobody counts."""

    source: Address
    destination: Address
    source_port: int
    destination_port: int
    packets: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that a datapath tracks; ``timeout`` in seconds until silence ends it."""

    protocol: int
    original: Way
    reply: Way
    zone: int = 0
    mark: int = 0
    label: int = 0
    state: str = ""
    timeout: int | None = None

    @property
    def key(self) -> tuple[int, int, Address, int, Address, int]:
        """What no other connection has at the same time."""
        way = self.original
        ends = (way.source, way.source_port, way.destination, way.destination_port)
        return (self.zone, self.protocol, *ends)


@dataclass(frozen=True, slots=True)
class Dump:
    """What was printed: connections, and how many lines made no sense."""

    connections: tuple[Connection, ...]
    unread: int = 0


def connections(text: str) -> Dump:
    """Return the connections of a dump."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = [connection(line) for line in lines]
    known = tuple(one for one in found if one is not None)
    return Dump(known, len(lines) - len(known))


def connection(line: str) -> Connection | None:
    """Return the connection of one line; None: it is none, or none that we know."""
    name, _, rest = line.strip().partition(",")
    protocol = PROTOCOLS.get(name)
    if protocol is None:
        return None
    parts = dict(_PART.findall(rest))
    try:
        timeout = parts.get("timeout")
        return Connection(
            protocol,
            _way(parts["orig"]),
            _way(parts["reply"]),
            int(parts.get("zone", 0)),
            int(parts.get("mark", "0"), 0),
            int(parts.get("labels", "0"), 16),
            _state(parts.get("protoinfo", "")),
            None if timeout is None else int(timeout),
        )
    except (KeyError, ValueError):
        return None  # counted by the caller


def _way(text: str) -> Way:
    parts = _pairs(text)
    return Way(
        ip_address(parts["src"]),
        ip_address(parts["dst"]),
        int(parts.get("sport", parts.get("id", 0))),
        int(parts.get("dport", 0)),
        int(parts["packets"]) if "packets" in parts else None,
        int(parts["bytes"]) if "bytes" in parts else None,
    )


def _state(text: str) -> str:
    """Return the TCP state of the side that is less far: what the whole connection has reached."""
    parts = _pairs(text)
    sides = [parts[side] for side in ("state_orig", "state_reply", "state") if side in parts]
    if not sides or all(side == sides[0] for side in sides):
        return sides[0] if sides else ""
    return "/".join(sides)


def _pairs(text: str) -> dict[str, str]:
    inner: Iterable[str] = text.strip("()").split(",")
    return {name: value for name, _, value in (pair.partition("=") for pair in inner)}

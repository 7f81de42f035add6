"""The words that plans are written in: actions, layers, protocols, addresses, origins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58  # IANA protocol numbers


class Action(StrEnum):
    """What a rule does with the traffic it matches."""

    ALLOW = "allow"
    DENY = "deny"
    AUDIT = "audit"  # counted, and the next rule that matches decides; as a default: it passes


class Layer(StrEnum):
    """Who carries a clause."""

    VSWITCH = "vswitch"
    PROXY = "proxy"
    FABRIC = "fabric"


class AppProtocol(StrEnum):
    """What a service port speaks."""

    HTTP = "http"
    HTTP2 = "http2"
    GRPC = "grpc"
    TCP = "tcp"
    UDP = "udp"

    @property
    def is_http(self) -> bool:
        """Whether requests of this port can be matched by HTTP fields."""
        return self in (AppProtocol.HTTP, AppProtocol.HTTP2, AppProtocol.GRPC)

    @property
    def transport(self) -> int:
        """The IP protocol number that carries it (IANA: 6 TCP, 17 UDP)."""
        return UDP if self is AppProtocol.UDP else TCP


class Affinity(StrEnum):
    """By what connections to a service stay with one endpoint."""

    CLIENT_IP = "client-ip"  # the client's address


class ProxyMode(StrEnum):
    """How a workload's requests reach a proxy."""

    NODE = "node"
    NONE = "none"


class Role(StrEnum):
    """A switch's place in the fabric."""

    SPINE = "spine"
    LEAF = "leaf"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where an author wrote it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

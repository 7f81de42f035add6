"""DHCP (RFC 2131, RFC 8415) between a segment's workloads and its server, without a policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TYPE_CHECKING

from translators.plan.model import UDP, Address, Endpoint, Plan

if TYPE_CHECKING:
    from translators.plan.evaluate import Packet

Network = IPv4Network | IPv6Network
LINK_LOCAL = IPv6Network("fe80::/10")  # RFC 4291, section 2.5.6


@dataclass(frozen=True, slots=True)
class Speech:
    """How DHCP is spoken in one family: UDP ports, and addresses that are no endpoint's own."""

    family: int
    server: int  # the port that is asked
    client: int  # the port that is answered
    nobody: Network  # sources of a client that has no address yet
    servers: Network  # destinations that are meant for whoever serves
    everybody: Network  # destinations of an answer to a client that is not told by them
    replies: tuple[Network, ...] = ()  # a server's sources beside its own addresses

    def own(self, endpoint: Endpoint) -> tuple[Address, ...]:
        """Return an endpoint's addresses of this family."""
        return tuple(a for a in endpoint.addresses if a.version == self.family)

    def reached(self, client: Endpoint) -> tuple[Address, ...]:
        """Return the destinations that are one client's alone."""
        own = self.own(client)
        return own if self.family == 4 else (*own, link_local(client.mac))

    def is_own(self, address: Address, endpoint: Endpoint) -> bool:
        """Whether this is an endpoint's address of this family."""
        return address.version == self.family and address in endpoint.addresses


_EVERYBODY = ip_network("255.255.255.255/32")
_AGENTS_AND_SERVERS = ip_network("ff02::1:2/128")  # RFC 8415, section 7.1
SPEECHES = (
    Speech(4, 67, 68, ip_network("0.0.0.0/32"), _EVERYBODY, _EVERYBODY),
    Speech(6, 547, 546, LINK_LOCAL, _AGENTS_AND_SERVERS, LINK_LOCAL, (LINK_LOCAL,)),
)


def spoken(server: Endpoint) -> Iterator[Speech]:
    """Yield how a server is spoken with: in the families that it has addresses of."""
    return (speech for speech in SPEECHES if speech.own(server))


def clients(plan: Plan, server: Endpoint, speech: Speech) -> tuple[Endpoint, ...]:
    """Return the other workloads of a server's segment that have such an address, by name."""
    near = (e for e in plan.endpoints if e.segment == server.segment and e != server)
    return tuple(sorted((e for e in near if speech.own(e)), key=lambda endpoint: endpoint.name))


def link_local(mac: str) -> IPv6Address:
    """Return the link-local address that is made of a MAC address (RFC 4291, appendix A)."""
    first, *rest = bytes.fromhex(mac.replace(":", ""))
    interface = bytes((first ^ 2, *rest[:2], 0xFF, 0xFE, *rest[2:]))
    return IPv6Address(LINK_LOCAL.network_address.packed[:8] + interface)


def lease(plan: Plan, packet: Packet) -> tuple[Endpoint, ...]:
    """Return whom a packet reaches as DHCP; (): it is none, or none of a segment with a server."""
    source = plan.endpoint[packet.endpoint]
    name = plan.segment[source.segment].dhcp
    if name is None or packet.protocol != UDP or packet.family != packet.source.version:
        return ()
    server = plan.endpoint[name]
    for speech in spoken(server):
        if speech.family == packet.family:
            if source == server:
                return _answered(plan, server, packet, speech)
            return (server,) if _asks(source, server, packet, speech) else ()
    return ()


def _asks(source: Endpoint, server: Endpoint, packet: Packet, speech: Speech) -> bool:
    if packet.destination_port != speech.server or not speech.own(source):
        return False
    to_all = packet.destination in speech.servers
    if speech.is_own(packet.source, source):
        return to_all or speech.is_own(packet.destination, server)
    return to_all and packet.source in speech.nobody


def _answered(plan: Plan, server: Endpoint, packet: Packet, speech: Speech) -> tuple[Endpoint, ...]:
    speaks = speech.is_own(packet.source, server) or any(packet.source in n for n in speech.replies)
    if not speaks or packet.destination_port != speech.client:
        return ()
    near = clients(plan, server, speech)
    meant = tuple(e for e in near if packet.destination in speech.reached(e))
    if meant or packet.destination not in speech.everybody:
        return meant
    return near

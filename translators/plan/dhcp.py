"""DHCP (RFC 2131) between a segment's workloads and its server, which no policy is asked about."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from translators.plan.model import UDP, Endpoint, Plan

if TYPE_CHECKING:
    from translators.plan.evaluate import Packet

SERVER, CLIENT = 67, 68  # ports
NOBODY, EVERYBODY = IPv4Address("0.0.0.0"), IPv4Address("255.255.255.255")


def lease(plan: Plan, packet: Packet) -> tuple[Endpoint, ...]:
    """Return whom a packet reaches as DHCP; (): it is none, or none of a segment with a server."""
    source = plan.endpoint[packet.endpoint]
    server = plan.segment[source.segment].dhcp
    if server is None or packet.protocol != UDP or packet.family != packet.source.version:
        return ()
    if source.name == server:
        return _answered(plan, source, packet)
    return _asked(source, plan.endpoint[server], packet)


def clients(plan: Plan, server: Endpoint) -> tuple[Endpoint, ...]:
    """Return the other workloads of a server's segment that have an IPv4 address, by name."""
    near = (e for e in plan.endpoints if e.segment == server.segment and e != server)
    found = (e for e in near if any(address.version == 4 for address in e.addresses))
    return tuple(sorted(found, key=lambda endpoint: endpoint.name))


def _asked(source: Endpoint, server: Endpoint, packet: Packet) -> tuple[Endpoint, ...]:
    own = packet.source in source.addresses
    first = packet.source == NOBODY and packet.destination == EVERYBODY
    again = own and (packet.destination == EVERYBODY or packet.destination in server.addresses)
    has_four = any(address.version == 4 for address in source.addresses)
    asks = packet.family == 4 and packet.destination_port == SERVER and has_four
    return (server,) if asks and (first or again) else ()


def _answered(plan: Plan, server: Endpoint, packet: Packet) -> tuple[Endpoint, ...]:
    if packet.source not in server.addresses or packet.family != 4:
        return ()
    if packet.destination_port != CLIENT:
        return ()
    to = packet.destination
    return tuple(e for e in clients(plan, server) if to == EVERYBODY or to in e.addresses)

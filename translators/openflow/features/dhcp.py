"""DHCP between a segment's workloads and its server: let in by ``admitted``, delivered here.

It is no connection: nothing is tracked, and policy is not asked. DHCPv6 is spoken between
link-local addresses: those made of a workload's MAC address are known, and an answer to any other
goes to all, of whom only the one that has it takes it. The server's questions for them are
answered by ``neighbours``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    ETH_DST,
    ETH_IPV4,
    ETH_IPV6,
    ETH_SRC,
    ETH_TYPE,
    FROM_TUNNEL,
    FROM_WORKLOAD,
    IN_PORT,
    IP_PROTO,
    IPV4_DST,
    IPV4_SRC,
    IPV6_DST,
    IPV6_SRC,
    ORIGIN,
    TUN_DST,
    TUN_ID,
    TUN_SRC,
    UDP_DST,
    Field,
    destination_field,
    mac_value,
    source_field,
)
from translators.openflow.flow import Act, Flow, Output, SetField, Test, match
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.dhcp import Network, Speech, clients, spoken
from translators.plan.model import UDP, Address, Endpoint

TABLES = (Table.DHCP,)
_Ends = Iterator[tuple[Test, Test, int]]  # source, destination and port there


def flows(site: Site) -> Iterator[Flow]:
    """Yield how DHCP is delivered, where a segment of this host's workloads has a server."""
    servers = list(served(site))
    for server in servers:
        for speech in spoken(server):
            yield from _to_server(site, server, speech)
            yield from _to_clients(site, server, speech)
    if servers:
        yield Flow(Table.DHCP, 0, (), cookie(Cause.NO_DHCP))


def admitted(site: Site) -> Iterator[Flow]:
    """Yield what may be said as DHCP, by whom: for the table that asks who sent a packet."""
    for server in served(site):
        owner = cookie(Cause.DHCP, server.identity)
        for speech in spoken(server):
            for endpoint in (server, *clients(site.plan, server, speech)):
                who = _sender(site, endpoint)
                for source, to, port in _said(site, endpoint, server, speech) if who else ():
                    tests = match(*who, *_udp(speech), source, to, (UDP_DST, port))
                    yield Flow(Table.SPOOF, 120, tests, owner, goto=Table.DHCP)


def served(site: Site) -> Iterator[Endpoint]:
    """Yield the servers of the segments of this host's workloads."""
    for segment in site.segments:
        if segment.dhcp is not None:
            yield site.plan.endpoint[segment.dhcp]


def _udp(speech: Speech) -> tuple[Test, ...]:
    ether = ETH_IPV4 if speech.family == 4 else ETH_IPV6
    return (ETH_TYPE, ether, None), (IP_PROTO, UDP, None)


def from_one_of(network: Network) -> Test:
    """Return the test of a source within a network."""
    return _within(IPV4_SRC if network.version == 4 else IPV6_SRC, network)


def _to_one_of(network: Network) -> Test:
    return _within(IPV4_DST if network.version == 4 else IPV6_DST, network)


def _within(field: Field, network: Network) -> Test:
    whole = network.prefixlen == network.max_prefixlen
    return field, int(network.network_address), None if whole else int(network.netmask)


def _sources(addresses: Iterable[Address]) -> list[Test]:
    return [(source_field(address), int(address), None) for address in addresses]


def _destinations(addresses: Iterable[Address]) -> list[Test]:
    return [(destination_field(address), int(address), None) for address in addresses]


def _said(site: Site, endpoint: Endpoint, server: Endpoint, speech: Speech) -> _Ends:
    sources = _sources(speech.own(endpoint))
    if endpoint == server:
        others = (a for e in clients(site.plan, server, speech) for a in speech.reached(e))
        known, port = [_to_one_of(speech.everybody), *_destinations(others)], speech.client
        sources += map(from_one_of, speech.replies)
    else:
        to_all, port = _to_one_of(speech.servers), speech.server
        known = [to_all, *_destinations(speech.own(server))]
        yield from_one_of(speech.nobody), to_all, port
    yield from ((source, to, port) for source in sources for to in known)


def _sender(site: Site, endpoint: Endpoint) -> tuple[Test, ...]:
    """Return what tells that an endpoint sent a packet: its port, or its host's tunnel."""
    mac: Test = (ETH_SRC, mac_value(endpoint.mac), None)
    if endpoint.name in site.local_ids:
        return ((IN_PORT, site.ports[endpoint.port], None), mac)
    tunnel = site.plan.host[endpoint.host].tunnel
    if site.tunnel_port is None or tunnel is None or not site.is_remote(endpoint):
        return ()
    place = ((IN_PORT, site.tunnel_port, None), (TUN_SRC, int(tunnel.ip), None))
    return (*place, mac, site.within(endpoint.segment))


def _to_server(site: Site, server: Endpoint, speech: Speech) -> Iterator[Flow]:
    out, port = _way(site, server), (UDP_DST, speech.server)
    tests = match(site.within(server.segment), *_udp(speech), port, *_from(site, server))
    acts = (SetField(ETH_DST, mac_value(server.mac)), *out)
    if out:
        yield Flow(Table.DHCP, 100, tests, cookie(Cause.DHCP, server.identity), acts)


def _from(site: Site, target: Endpoint) -> tuple[Test, ...]:
    """Return what keeps a packet from the tunnel out of the tunnel."""
    return () if target.name in site.local_ids else ((ORIGIN, FROM_WORKLOAD, None),)


def _way(site: Site, target: Endpoint) -> tuple[Act, ...]:
    """Return how a packet gets to an endpoint, with its own MACs; (): it does not."""
    if target.name in site.local_ids:
        return (Output(site.ports[target.port]),)
    tunnel = site.plan.host[target.host].tunnel
    if site.tunnel_port is None or tunnel is None:
        return ()
    vni = site.plan.segment[target.segment].vni
    return SetField(TUN_ID, vni), SetField(TUN_DST, int(tunnel.ip)), Output(site.tunnel_port)


def _to_clients(site: Site, server: Endpoint, speech: Speech) -> Iterator[Flow]:
    owner = cookie(Cause.DHCP, server.identity)
    told: tuple[Test, ...] = (site.within(server.segment), *_udp(speech))
    told = (*told, (UDP_DST, speech.client, None))
    near = [e for e in clients(site.plan, server, speech) if _way(site, e)]
    for client in near:
        acts = (_addressed(client), *_way(site, client))
        for to in _destinations(speech.reached(client)):
            yield Flow(Table.DHCP, 100, match(*told, to, *_from(site, client)), owner, acts)
    local = [e for e in near if e.name in site.local_ids]
    here = {(*_frame(e, speech), *_way(site, e)): None for e in local}
    away = {_way(site, e): None for e in near if e.name not in site.local_ids}
    everybody = _to_one_of(speech.everybody)
    for origin, ways in ((FROM_WORKLOAD, [*here, *away]), (FROM_TUNNEL, [*here])):
        acts = tuple(act for way in ways for act in way)
        yield Flow(Table.DHCP, 90, match(*told, everybody, (ORIGIN, origin)), owner, acts)


def _addressed(client: Endpoint) -> SetField:
    return SetField(ETH_DST, mac_value(client.mac))


def _frame(client: Endpoint, speech: Speech) -> tuple[Act, ...]:
    """Return what makes a frame for everybody one that a client takes: a broadcast is taken."""
    return () if speech.family == 4 else (_addressed(client),)

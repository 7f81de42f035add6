"""DHCP between a segment's workloads and its server: let in by ``admitted``, delivered here.

It is no connection: nothing is tracked, and policy is not asked. IPv4 only, since a server would
have to ask for link-local addresses, which the bridge does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    ETH_DST,
    ETH_IPV4,
    ETH_SRC,
    ETH_TYPE,
    FROM_TUNNEL,
    FROM_WORKLOAD,
    IN_PORT,
    IP_PROTO,
    IPV4_DST,
    IPV4_SRC,
    ORIGIN,
    TUN_DST,
    TUN_ID,
    TUN_SRC,
    UDP_DST,
    mac_value,
)
from translators.openflow.flow import Act, Flow, Output, SetField, Test, match
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.dhcp import CLIENT, EVERYBODY, NOBODY, SERVER, clients
from translators.plan.model import UDP, Endpoint

TABLES = (Table.DHCP,)
_UDP: tuple[Test, ...] = ((ETH_TYPE, ETH_IPV4, None), (IP_PROTO, UDP, None))
_Pairs = Iterator[tuple[int, int, int]]  # addresses of source and destination, port there


def flows(site: Site) -> Iterator[Flow]:
    """Yield how DHCP is delivered, where a segment of this host's workloads has a server."""
    servers = list(_servers(site))
    for server in servers:
        yield from _to_server(site, server)
        yield from _to_clients(site, server)
    if servers:
        yield Flow(Table.DHCP, 0, (), cookie(Cause.NO_DHCP))


def admitted(site: Site) -> Iterator[Flow]:
    """Yield what may be said as DHCP, by whom: for the table that asks who sent a packet."""
    for server in _servers(site):
        owner = cookie(Cause.DHCP, server.identity)
        for endpoint in (server, *clients(site.plan, server)):
            who = _sender(site, endpoint)
            for source, to, port in _said(site, endpoint, server) if who else ():
                ends = ((IPV4_SRC, source), (IPV4_DST, to), (UDP_DST, port))
                tests = match(*who, *_UDP, *ends)
                yield Flow(Table.SPOOF, 120, tests, owner, goto=Table.DHCP)


def _servers(site: Site) -> Iterator[Endpoint]:
    for segment in site.segments:
        if segment.dhcp is not None:
            yield site.plan.endpoint[segment.dhcp]


def _four(endpoint: Endpoint) -> list[int]:
    return [int(address) for address in endpoint.addresses if isinstance(address, IPv4Address)]


def _said(site: Site, endpoint: Endpoint, server: Endpoint) -> _Pairs:
    everybody = int(EVERYBODY)
    known, port = [everybody, *_four(server)], SERVER
    if endpoint == server:
        others = (to for client in clients(site.plan, server) for to in _four(client))
        known, port = [everybody, *others], CLIENT
    else:
        yield int(NOBODY), everybody, SERVER
    for own in _four(endpoint):
        for to in known:
            yield own, to, port


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


def _to_server(site: Site, server: Endpoint) -> Iterator[Flow]:
    out = _way(site, server)
    tests = match(site.within(server.segment), *_UDP, (UDP_DST, SERVER), *_from(site, server))
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


def _to_clients(site: Site, server: Endpoint) -> Iterator[Flow]:
    owner = cookie(Cause.DHCP, server.identity)
    told: tuple[Test, ...] = (site.within(server.segment), *_UDP, (UDP_DST, CLIENT, None))
    reached = [e for e in clients(site.plan, server) if _way(site, e)]
    for client in reached:
        acts = (SetField(ETH_DST, mac_value(client.mac)), *_way(site, client))
        for address in _four(client):
            tests = match(*told, (IPV4_DST, address), *_from(site, client))
            yield Flow(Table.DHCP, 100, tests, owner, acts)
    here = {_way(site, e): None for e in reached if e.name in site.local_ids}
    away = {_way(site, e): None for e in reached if e.name not in site.local_ids}
    everybody = (IPV4_DST, int(EVERYBODY))
    for origin, ways in ((FROM_WORKLOAD, [*here, *away]), (FROM_TUNNEL, [*here])):
        acts = tuple(act for way in ways for act in way)
        yield Flow(Table.DHCP, 100, match(*told, everybody, (ORIGIN, origin)), owner, acts)

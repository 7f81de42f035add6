"""Which workload, proxy or tunnel a packet came from, and whether its source address is true."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface

from translators.openflow.cookie import Cause, cookie
from translators.openflow.each import Each
from translators.openflow.features import dhcp
from translators.openflow.fields import (
    ARP_OP,
    ARP_SHA,
    ARP_SPA,
    ETH_ARP,
    ETH_DST,
    ETH_IPV6,
    ETH_SRC,
    ETH_TYPE,
    FROM_OUTSIDE,
    FROM_PROXY,
    FROM_TUNNEL,
    ICMPV6_CODE,
    ICMPV6_TYPE,
    IN_PORT,
    IP_PROTO,
    IPV6_SRC,
    MIRROR_VNI,
    MIRRORED,
    ND_ADVERTISEMENT,
    ND_SOLICITATION,
    ORIGIN,
    SEGMENT,
    SOURCE,
    TENANT,
    TRACKED,
    TUN_ID,
    TUN_SRC,
    VIRTUAL_MAC,
    destination_field,
    eth_type,
    mac_value,
    source_field,
)
from translators.openflow.flow import Flow, SetField, Test, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import ICMPV6, Address, Endpoint, External, Service

TABLES = (Table.CLASSIFY, Table.SPOOF)
_LINK_LOCAL = (0xFE80 << 112, 0xFFC0 << 112)  # fe80::/10, RFC 4291 section 2.5.6
_ROUTER_SOLICITATION, _ROUTER_ADVERTISEMENT, _REDIRECT = 133, 134, 137
_ONLY_OURS = (_ROUTER_SOLICITATION, _ROUTER_ADVERTISEMENT, ND_ADVERTISEMENT, _REDIRECT)
SOLICITATION: tuple[Test, ...] = (
    (ETH_TYPE, ETH_IPV6, None),
    (IP_PROTO, ICMPV6, None),
    (ICMPV6_TYPE, ND_SOLICITATION, None),
    (ICMPV6_CODE, 0, None),
)


def flows(site: Site) -> Iterator[Flow | Part | Each]:
    """Yield what gives packets their segment, tenant and source, or drops them."""
    yield site.each(_workload, lambda e: (e,) if site.is_attached(e) else None)
    if site.proxy_port is not None:
        yield from _proxy(site, site.proxy_port)
    if site.tunnel_port is not None:
        yield from _tunnel(site, site.tunnel_port)
    if (external := site.external) is not None and external.port in site.ports:
        yield site.kept("", _from_outside, external, site.ports[external.port])
    yield from dhcp.admitted(site)
    yield site.kept("", _ours)


def _ours(site: Site) -> Iterator[Flow]:
    del site
    for kind in _ONLY_OURS:  # the bridge alone speaks for neighbours and routers
        tests = ((ETH_TYPE, ETH_IPV6), (IP_PROTO, ICMPV6), (ICMPV6_TYPE, kind))
        cause = Cause.LINK_LOCAL if kind == _ROUTER_SOLICITATION else Cause.FORGED
        yield Flow(Table.SPOOF, 200, match(*tests), cookie(cause))
    answer = match((ETH_TYPE, ETH_ARP), (ARP_OP, 2))
    yield Flow(Table.SPOOF, 3, answer, cookie(Cause.FORGED))
    for sender in (_LINK_LOCAL, (0, None)):  # multicast listeners and the like: RFC 3590
        near = match((ETH_TYPE, ETH_IPV6), (IPV6_SRC, *sender))
        yield Flow(Table.SPOOF, 3, near, cookie(Cause.LINK_LOCAL))
    yield Flow(Table.SPOOF, 2, match((ORIGIN, FROM_OUTSIDE)), cookie(Cause.STRAY))
    yield Flow(Table.CLASSIFY, 0, (), cookie(Cause.UNKNOWN_PORT))
    yield Flow(Table.SPOOF, 0, (), cookie(Cause.SPOOFED))


def _workload(site: Site, endpoint: Endpoint) -> Iterator[Flow]:
    port = site.ports[endpoint.port]
    writes = (
        SetField(SEGMENT, site.segment(endpoint.segment)),
        SetField(TENANT, site.tenant(endpoint.tenant)),
        SetField(SOURCE, endpoint.identity),
    )
    yield Flow(
        Table.CLASSIFY,
        100,
        match((IN_PORT, port)),
        cookie(Cause.PORT, endpoint.identity),
        writes,
        Table.SPOOF,
    )
    spoofed = cookie(Cause.SPOOFED, endpoint.identity)
    yield Flow(Table.SPOOF, 1, match((IN_PORT, port)), spoofed)
    true = cookie(Cause.SOURCE, endpoint.identity)
    mac = mac_value(endpoint.mac)
    own: tuple[Test, ...] = ((IN_PORT, port, None), (ETH_SRC, mac, None))
    for address in endpoint.addresses:
        tests = match(*own, (ETH_TYPE, eth_type(address)), (source_field(address), int(address)))
        yield Flow(Table.SPOOF, 100, tests, true, goto=Table.TRACK)
        yield _asks(own, mac, address, true)
    if any(address.version == 6 for address in endpoint.addresses):
        tests = match(*own, *SOLICITATION, (IPV6_SRC, *_LINK_LOCAL))
        yield Flow(Table.SPOOF, 110, tests, true, goto=Table.NEIGHBOUR)


def _asks(own: tuple[Test, ...], mac: int, address: Address, true: int) -> Flow:
    """Return what lets a workload ask for its neighbours as itself (RFC 826, RFC 4861)."""
    if address.version == 6:
        tests = match(*own, *SOLICITATION, (IPV6_SRC, int(address)))
    else:
        sender = ((ARP_OP, 1), (ARP_SPA, int(address)), (ARP_SHA, mac))
        tests = match(*own, (ETH_TYPE, ETH_ARP), *sender)
    return Flow(Table.SPOOF, 110, tests, true, goto=Table.NEIGHBOUR)


def _proxy(site: Site, port: int) -> Iterator[Part]:
    """Yield what the proxy may say: its clients' addresses, and virtual addresses' replies."""
    yield site.kept("", _proxys_own, port)
    captured = {name for capture in site.plan.captures for name in capture.sources}
    for endpoint in site.attached:
        if endpoint.name in captured:
            yield site.kept(endpoint.name, _as_client, port, endpoint)
    known = {capture.service for capture in site.plan.captures if site.local(capture.sources)}
    for service in site.services:
        if service.name in known:
            yield site.kept(service.name, _as_service, port, service)


def _proxys_own(site: Site, port: int) -> Iterator[Flow]:
    del site
    origin = match((IN_PORT, port))
    yield Flow(
        Table.CLASSIFY,
        100,
        origin,
        cookie(Cause.PORT),
        (SetField(ORIGIN, FROM_PROXY),),
        Table.SPOOF,
    )
    asks = (match((IN_PORT, port), (ETH_TYPE, ETH_ARP), (ARP_OP, 1)),)
    for tests in (*asks, match((IN_PORT, port), *SOLICITATION)):
        yield Flow(Table.SPOOF, 110, tests, cookie(Cause.SOURCE), goto=Table.NEIGHBOUR)


def _as_client(site: Site, port: int, endpoint: Endpoint) -> Iterator[Flow]:
    segment, tenant, identity = endpoint.segment, endpoint.tenant, endpoint.identity
    for address in endpoint.addresses:
        yield _spoken_for(site, port, segment, tenant, identity, address)


def _as_service(site: Site, port: int, service: Service) -> Iterator[Flow]:
    for vip in service.vips:
        yield _spoken_for(site, port, service.segment, service.tenant, 0, vip)


def _spoken_for(
    site: Site, port: int, segment: str, tenant: str, identity: int, address: Address
) -> Flow:
    writes = (
        SetField(SEGMENT, site.segment(segment)),
        SetField(TENANT, site.tenant(tenant)),
        SetField(SOURCE, identity),
        SetField(ETH_SRC, VIRTUAL_MAC),
    )
    tests = match(
        (IN_PORT, port), (ETH_TYPE, eth_type(address)), (source_field(address), int(address))
    )
    return Flow(Table.SPOOF, 100, tests, cookie(Cause.SOURCE, identity), writes, Table.TRACK)


def _from_outside(site: Site, external: External, port: int) -> Iterator[Flow]:
    """Yield what may come from outside: packets to the host's addresses, questions for them."""
    del site
    origin: Test = (IN_PORT, port, None)
    own: tuple[Test, ...] = (origin, (ETH_DST, mac_value(external.mac), None))
    writes = (SetField(ORIGIN, FROM_OUTSIDE), SetField(SEGMENT, external.zone))
    yield Flow(Table.CLASSIFY, 100, match(origin), cookie(Cause.PORT), writes, Table.SPOOF)
    none = cookie(Cause.NONE)
    for address in external.addresses:
        ether, door = eth_type(address), (destination_field(address), int(address))
        for _, protocol in (kind for kind in TRACKED if kind[0] == ether):
            tests = match(*own, (ETH_TYPE, ether), (IP_PROTO, protocol), door)
            yield Flow(Table.SPOOF, 100, tests, none, goto=Table.INBOUND)
        asks = match(origin, (ETH_TYPE, ETH_ARP), (ARP_OP, 1))
        if address.version == 6:
            asks = match(origin, *SOLICITATION)
        yield Flow(Table.SPOOF, 110, asks, none, goto=Table.NEIGHBOUR)


def _tunnel(site: Site, port: int) -> Iterator[Part | Each]:
    yield site.kept("", _tunnelled, port)
    yield site.each(_elsewhere, site.by_tunnel)


def _tunnelled(site: Site, port: int) -> Iterator[Flow]:
    copies = match((IN_PORT, port), (TUN_ID, MIRROR_VNI))
    acts = (SetField(MIRRORED, 2),)
    yield Flow(Table.CLASSIFY, 100, copies, cookie(Cause.PORT), acts, Table.MIRROR)
    for segment in site.segments:
        writes = (
            SetField(ORIGIN, FROM_TUNNEL),
            SetField(SEGMENT, site.segment(segment.name)),
            SetField(TENANT, site.tenant(segment.tenant)),
        )
        tests = match((IN_PORT, port), (TUN_ID, segment.vni))
        yield Flow(Table.CLASSIFY, 100, tests, cookie(Cause.PORT), writes, Table.SPOOF)


def _elsewhere(site: Site, endpoint: Endpoint, tunnel: IPv4Interface, port: int) -> Iterator[Flow]:
    place: tuple[Test, ...] = (
        (IN_PORT, port, None),
        (TUN_SRC, int(tunnel.ip), None),
        (TENANT, site.tenant(endpoint.tenant), None),
        site.reaching(endpoint.segment),
    )
    owner = cookie(Cause.SOURCE, endpoint.identity)
    acts = (SetField(SOURCE, endpoint.identity),)
    for address in endpoint.addresses:
        there = (ETH_TYPE, eth_type(address)), (source_field(address), int(address))
        yield Flow(Table.SPOOF, 100, match(*place, *there), owner, acts, Table.TRACK)

"""The two tables that output: to the host's proxy, and to workloads here or through the tunnel."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface

from translators.openflow.cookie import Cause, cookie
from translators.openflow.each import Each
from translators.openflow.fields import (
    DESTINATION,
    ETH_DST,
    ETH_SRC,
    ETH_TYPE,
    FAMILIES,
    FROM_TUNNEL,
    FROM_WORKLOAD,
    IP_TTL,
    ORIGIN,
    OUTSIDE,
    PROXY_MAC,
    SEGMENT,
    TUN_DST,
    TUN_ID,
    VIRTUAL_MAC,
    ZONE_BITS,
    mac_value,
)
from translators.openflow.flow import Act, DecTtl, Flow, Output, Punt, SetField, Test, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Endpoint

TABLES = (Table.STEER, Table.DELIVER)


def flows(site: Site) -> Iterator[Part | Each]:
    """Yield the outputs; what has no port here drops."""
    yield site.kept("", _own)
    yield site.each(_attached, lambda e: (e,) if site.is_attached(e) else None)
    yield site.each(_tunnelled, site.by_tunnel)


def _own(site: Site) -> Iterator[Flow]:
    steered: tuple[Act, ...] = ()
    if site.proxy_port is not None:
        steered = (SetField(ETH_DST, PROXY_MAC), Output(site.proxy_port))
    owner = cookie(Cause.STEER if steered else Cause.NO_PROXY)
    yield Flow(Table.STEER, 0, (), owner, steered)
    if (external := site.external) is not None and external.port in site.ports:
        acts = (
            SetField(ETH_SRC, mac_value(external.mac)),
            SetField(ETH_DST, mac_value(external.gateway_mac)),
            Output(site.ports[external.port]),
        )
        yield Flow(Table.DELIVER, 250, match((DESTINATION, OUTSIDE)), cookie(Cause.DELIVER), acts)
    for zone in sorted({s.router.zone for s in site.reached if s.router is not None}):
        yield from _expired(zone)
    # What came through the tunnel never goes back into it: a stale address must not loop.
    for priority, tests in ((150, match((ORIGIN, FROM_TUNNEL))), (0, ())):
        yield Flow(Table.DELIVER, priority, tests, cookie(Cause.UNDELIVERED))


def _attached(site: Site, endpoint: Endpoint) -> Iterator[Flow]:
    yield from _way(site, endpoint, 200, (Output(site.ports[endpoint.port]),))


def _tunnelled(site: Site, endpoint: Endpoint, tunnel: IPv4Interface, port: int) -> Iterator[Flow]:
    acts = (
        SetField(TUN_ID, site.plan.segment[endpoint.segment].vni),
        SetField(TUN_DST, int(tunnel.ip)),
        Output(port),
    )
    yield from _way(site, endpoint, 100, acts)


def _way(site: Site, endpoint: Endpoint, priority: int, out: tuple[Act, ...]) -> Iterator[Flow]:
    """Yield how packets get to an endpoint: from its own segment, and by the router from others.

    What comes through the tunnel was routed before it was sent, and has the endpoint's own VNI.
    """
    owner = cookie(Cause.DELIVER, endpoint.identity)
    there: Test = (DESTINATION, endpoint.identity, None)
    acts = (SetField(ETH_DST, mac_value(endpoint.mac)), *out)
    if site.plan.segment[endpoint.segment].router is None:
        yield Flow(Table.DELIVER, priority, match(there), owner, acts)
        return
    near = match(there, site.within(endpoint.segment))
    yield Flow(Table.DELIVER, priority + 10, near, owner, acts)
    routed = (DecTtl(), SetField(ETH_SRC, VIRTUAL_MAC), *acts)
    for family, ether in FAMILIES:
        if family in site.families(endpoint):
            yield Flow(Table.DELIVER, 100, match((ETH_TYPE, ether), there), owner, routed)


def expired(
    table: Table, priority: int, owner: int, ether: int, left: int, *where: Test
) -> Iterator[Flow]:
    """Yield the end of packets that a router may not forward (RFC 1812, section 5.3.1).

    The controller tells a workload of this host that one of its own has ended.
    """
    tests = match((ETH_TYPE, ether), (IP_TTL, left), *where)
    yield Flow(table, priority, tests, owner)
    yield Flow(table, priority + 1, match(*tests, (ORIGIN, FROM_WORKLOAD)), owner, (Punt(),))


def _expired(zone: int) -> Iterator[Flow]:
    shared: Test = (SEGMENT, zone, (1 << ZONE_BITS) - 1)
    for _, ether in FAMILIES:
        for left in (0, 1):
            yield from expired(Table.DELIVER, 105, cookie(Cause.EXPIRED, zone), ether, left, shared)

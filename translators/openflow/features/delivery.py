"""The two tables that output: to the host's proxy, and to workloads here or through the tunnel."""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    DESTINATION,
    ETH_DST,
    FROM_TUNNEL,
    ORIGIN,
    PROXY_MAC,
    TUN_DST,
    TUN_ID,
    mac_value,
)
from translators.openflow.flow import Act, Flow, Output, SetField, match
from translators.openflow.site import Site
from translators.openflow.tables import Table

TABLES = (Table.STEER, Table.DELIVER)


def flows(site: Site) -> Iterator[Flow]:
    """Yield the outputs; what has no port here drops."""
    steered: tuple[Act, ...] = ()
    if site.proxy_port is not None:
        steered = (SetField(ETH_DST, PROXY_MAC), Output(site.proxy_port))
    yield Flow(Table.STEER, 0, (), cookie(Cause.STEER), steered)
    for endpoint in site.attached:
        owner = cookie(Cause.DELIVER, endpoint.identity)
        there = match((DESTINATION, endpoint.identity))
        acts = (SetField(ETH_DST, mac_value(endpoint.mac)), Output(site.ports[endpoint.port]))
        yield Flow(Table.DELIVER, 200, there, owner, acts)
    # What came through the tunnel never goes back into it: a stale address must not loop.
    yield Flow(Table.DELIVER, 150, match((ORIGIN, FROM_TUNNEL)), cookie(Cause.DELIVER))
    if site.tunnel_port is not None:
        yield from _tunnelled(site, site.tunnel_port)
    yield Flow(Table.DELIVER, 0, (), cookie(Cause.DELIVER))


def _tunnelled(site: Site, port: int) -> Iterator[Flow]:
    for endpoint in site.remote:
        tunnel = site.plan.host[endpoint.host].tunnel
        if tunnel is None:
            continue
        acts = (
            SetField(ETH_DST, mac_value(endpoint.mac)),
            SetField(TUN_ID, site.plan.segment[endpoint.segment].vni),
            SetField(TUN_DST, int(tunnel.ip)),
            Output(port),
        )
        owner = cookie(Cause.DELIVER, endpoint.identity)
        yield Flow(Table.DELIVER, 100, match((DESTINATION, endpoint.identity)), owner, acts)

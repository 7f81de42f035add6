"""A real Envoy's refusals fall into the classes that the metrics count."""

from __future__ import annotations

import pytest
from envoy_data_plane.envoy.config.route.v3 import (
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)

from tests.devices import xds_resources as make
from tests.devices.xds_bed import Bed, bed
from tests.waiting import eventually
from xds_server.protocols.xds.resource_types import CLUSTER, ROUTE
from xds_server.snapshots.model import Resource, snapshot_of
from xds_server.status.reasons import refusal_class

pytestmark = [pytest.mark.device, pytest.mark.envoy("NACK bisection")]


def routes(*domains: str) -> Resource:
    every = Route(match=RouteMatch(prefix="/"), route=RouteAction(cluster="red"))
    hosts = [VirtualHost(name="every", domains=[*domains], routes=[every])]
    return Resource(ROUTE, "shop", bytes(RouteConfiguration(name="shop", virtual_hosts=hosts)))


def bad_ones(it: Bed) -> list[tuple[Resource, str]]:
    front = str(it.directory / "front.sock")
    return [
        (make.listener("bad", "bad.sock", "shop", http_filter="http.Unknown"), "unsupported"),
        (make.listener("bad", "/nonexistent/bad.sock", "shop"), "address"),
        (make.listener("bad2", front, "shop"), "duplicate"),
        (routes("*", "*"), "duplicate"),
        (routes(), "invalid"),
        (Resource(CLUSTER, "bad", b"\xff\xff\xff"), "invalid"),
    ]


async def test_each_refusal_has_its_class() -> None:
    async with bed(delta=True) as it:
        good = it.snapshot("red")
        it.publish(good)
        await it.until("red")
        resources = {(r.type_url, r.name): r for of in good.resources.values() for r in of.values()}
        for number, (bad, wanted) in enumerate(bad_ones(it), 1):
            it.publish(snapshot_of({**resources, (bad.type_url, bad.name): bad}.values()))
            await eventually(lambda n=number: len(it.nacks()) == n, f"a refusal: {wanted}")
            assert refusal_class(it.nacks()[-1].reason) == wanted, it.nacks()[-1].reason

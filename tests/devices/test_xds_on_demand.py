"""A real Envoy asks for clusters and virtual hosts only when a request needs them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from envoy_data_plane.envoy.config.core.v3 import (
    Address,
    AggregatedConfigSource,
    ApiVersion,
    ConfigSource,
    Pipe,
)
from envoy_data_plane.envoy.config.listener.v3 import Filter, FilterChain, Listener
from envoy_data_plane.envoy.config.route.v3 import (
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    Vhds,
    VirtualHost,
)
from envoy_data_plane.envoy.extensions.filters.http.on_demand.v3 import OnDemand, OnDemandCds
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpFilter,
    Rds,
)
from envoy_data_plane.google.protobuf import Any as Packed

from tests.devices import xds_resources as make
from tests.devices.xds_bed import Bed, bed
from tests.waiting import eventually
from xds_server.protocols.xds.resource_types import LISTENER, ROUTE, VIRTUAL_HOST
from xds_server.snapshots.model import Resource, snapshot_of

pytestmark = [pytest.mark.device, pytest.mark.envoy("on-demand clusters")]

_ADS = ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)
_FILTERS = "type.googleapis.com/envoy.extensions.filters."


def _filter(name: str, kind: str, message: OnDemand | Router) -> HttpFilter:
    return HttpFilter(name=name, typed_config=Packed(_FILTERS + kind, bytes(message)))


def front(it: Bed) -> Resource:
    on_demand = OnDemand(odcds=OnDemandCds(source=_ADS, timeout=timedelta(seconds=5)))
    manager = HttpConnectionManager(
        stat_prefix="front",
        rds=Rds(config_source=_ADS, route_config_name="shop"),
        http_filters=[
            _filter("on_demand", "http.on_demand.v3.OnDemand", on_demand),
            _filter("router", "http.router.v3.Router", Router()),
        ],
    )
    url = f"{_FILTERS}network.http_connection_manager.v3.HttpConnectionManager"
    chain = FilterChain(filters=[Filter(name="http", typed_config=Packed(url, bytes(manager)))])
    address = Address(pipe=Pipe(path=str(it.directory / "front.sock")))
    return Resource(
        LISTENER, "front", bytes(Listener(name="front", address=address, filter_chains=[chain]))
    )


def host(name: str, domain: str, to: str) -> VirtualHost:
    every = Route(match=RouteMatch(prefix="/"), route=RouteAction(cluster=to))
    return VirtualHost(name=name, domains=[domain], routes=[every])


def cluster(it: Bed, name: str) -> list[Resource]:
    return [replace(make.cluster(name), on_demand=True), make.endpoints(name, it.path(name))]


async def _not_found(it: Bed) -> bool:
    return (await it.proxy.fetch())[0] == 404


async def test_a_cluster_is_fetched_for_the_first_request() -> None:
    async with bed(delta=True) as it:
        routes = RouteConfiguration(name="shop", virtual_hosts=[host("every", "*", "red")])
        it.publish(
            snapshot_of([front(it), Resource(ROUTE, "shop", bytes(routes)), *cluster(it, "red")])
        )
        await it.until("red")
        assert it.proxy.clusters() == {"xds", "red"}
        assert it.nacks() == []


@pytest.mark.envoy("on-demand virtual hosts", since="1.37.0")
async def test_a_virtual_host_is_fetched_by_its_alias() -> None:
    async with bed(delta=True) as it:
        routes = RouteConfiguration(name="shop", vhds=Vhds(config_source=_ADS))
        web = Resource(
            VIRTUAL_HOST,
            "shop/web",
            bytes(host("shop/web", "shop", "red")),
            aliases=("shop/shop",),
            on_demand=True,
        )
        everything = [front(it), Resource(ROUTE, "shop", bytes(routes)), *cluster(it, "red")]
        it.publish(snapshot_of(everything))
        await eventually(lambda: _not_found(it), "an answer that there is no such host", 12)
        it.publish(snapshot_of([*everything, web]))
        await it.until("red")
        assert it.nacks() == []

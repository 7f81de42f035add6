"""Envoy resources for tests: built with the typed API, encoded once."""

from __future__ import annotations

from datetime import timedelta

from envoy_data_plane.envoy.config.cluster.v3 import (
    Cluster,
    ClusterDiscoveryType,
    ClusterEdsClusterConfig,
)
from envoy_data_plane.envoy.config.core.v3 import (
    Address,
    AggregatedConfigSource,
    ApiConfigSource,
    ApiConfigSourceApiType,
    ApiVersion,
    ConfigSource,
    GrpcService,
    GrpcServiceEnvoyGrpc,
    Pipe,
)
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.config.listener.v3 import Filter, FilterChain, Listener
from envoy_data_plane.envoy.config.route.v3 import (
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpFilter,
    Rds,
)
from envoy_data_plane.google.protobuf import Any as Packed

from xds_server.protocols.xds import resource_types as types
from xds_server.snapshots.model import Resource

_FILTERS = "type.googleapis.com/envoy.extensions.filters."


ADS = ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)


def per_type(*, delta: bool) -> ConfigSource:
    """Streams of each type's own service, from the cluster ``xds``."""
    api = ApiConfigSource(
        api_type=ApiConfigSourceApiType.DELTA_GRPC if delta else ApiConfigSourceApiType.GRPC,
        transport_api_version=ApiVersion.V3,
        set_node_on_first_message_only=True,
        grpc_services=[GrpcService(envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name="xds"))],
    )
    return ConfigSource(api_config_source=api, resource_api_version=ApiVersion.V3)


def _pipe(path: str) -> Address:
    return Address(pipe=Pipe(path=path))


def cluster(name: str, timeout: float = 1.0, source: ConfigSource = ADS) -> Resource:
    message = Cluster(
        name=name,
        type=ClusterDiscoveryType.EDS,
        eds_cluster_config=ClusterEdsClusterConfig(eds_config=source),
        connect_timeout=timedelta(seconds=timeout),
    )
    return Resource(types.CLUSTER, name, bytes(message), origin=f"shop.yaml:{len(name)}")


def endpoints(name: str, *paths: str) -> Resource:
    found = [LbEndpoint(endpoint=Endpoint(address=_pipe(path))) for path in paths]
    message = ClusterLoadAssignment(
        cluster_name=name, endpoints=[LocalityLbEndpoints(lb_endpoints=found)]
    )
    return Resource(types.ENDPOINT, name, bytes(message))


def route(name: str, to: str) -> Resource:
    every = Route(match=RouteMatch(prefix="/"), route=RouteAction(cluster=to))
    host = VirtualHost(name="every", domains=["*"], routes=[every])
    message = RouteConfiguration(name=name, virtual_hosts=[host])
    return Resource(types.ROUTE, name, bytes(message))


def listener(
    name: str,
    path: str,
    routes: str,
    http_filter: str = "http.router.v3.Router",
    source: ConfigSource = ADS,
) -> Resource:
    router = HttpFilter(
        name="router",
        typed_config=Packed(type_url=f"{_FILTERS}{http_filter}", value=bytes(Router())),
    )
    manager = HttpConnectionManager(
        stat_prefix=name,
        rds=Rds(config_source=source, route_config_name=routes),
        http_filters=[router],
    )
    url = f"{_FILTERS}network.http_connection_manager.v3.HttpConnectionManager"
    chain = FilterChain(filters=[Filter(name="http", typed_config=Packed(url, bytes(manager)))])
    message = Listener(name=name, address=_pipe(path), filter_chains=[chain])
    return Resource(types.LISTENER, name, bytes(message), origin="shop.yaml:7")

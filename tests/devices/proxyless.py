"""What a proxyless gRPC client is served: explicit names, LDS to EDS, and backends that answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import grpc
from envoy_data_plane.envoy.config.cluster.v3 import (
    Cluster,
    ClusterDiscoveryType,
    ClusterEdsClusterConfig,
)
from envoy_data_plane.envoy.config.core.v3 import (
    Address,
    AggregatedConfigSource,
    ApiVersion,
    ConfigSource,
    Locality,
    SocketAddress,
)
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.config.listener.v3 import ApiListener, Listener
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpFilter,
    Rds,
)
from envoy_data_plane.google.protobuf import Any as Packed

from tests.devices import xds_resources as make
from xds_server.protocols.xds import resource_types as types
from xds_server.snapshots.model import Resource

_FILTERS = "type.googleapis.com/envoy.extensions.filters."


def _ads() -> ConfigSource:
    return ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)


def listener() -> Resource:
    router = Packed(type_url=f"{_FILTERS}http.router.v3.Router", value=bytes(Router()))
    manager = HttpConnectionManager(
        rds=Rds(config_source=_ads(), route_config_name="shop"),
        http_filters=[HttpFilter(name="router", typed_config=router)],
    )
    url = f"{_FILTERS}network.http_connection_manager.v3.HttpConnectionManager"
    packed = Packed(type_url=url, value=bytes(manager))
    message = Listener(name="shop", api_listener=ApiListener(api_listener=packed))
    return Resource(types.LISTENER, "shop", bytes(message))


def cluster(name: str) -> Resource:
    message = Cluster(
        name=name,
        type=ClusterDiscoveryType.EDS,
        eds_cluster_config=ClusterEdsClusterConfig(eds_config=_ads()),
        connect_timeout=timedelta(seconds=1),
    )
    return Resource(types.CLUSTER, name, bytes(message))


def endpoints(name: str, port: int) -> Resource:
    address = Address(socket_address=SocketAddress(address="127.0.0.1", port_value=port))
    group = LocalityLbEndpoints(
        locality=Locality(zone="one"),
        load_balancing_weight=1,
        lb_endpoints=[LbEndpoint(endpoint=Endpoint(address=address), load_balancing_weight=1)],
    )
    message = ClusterLoadAssignment(cluster_name=name, endpoints=[group])
    return Resource(types.ENDPOINT, name, bytes(message))


def shop(to: str, port: int) -> list[Resource]:
    """Everything that a client asks for, in the order in which it asks."""
    return [listener(), make.route("shop", to), cluster(to), endpoints(to, port)]


class _Echo(grpc.GenericRpcHandler):
    def __init__(self, name: str) -> None:
        self._name = name.encode()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self._answer)

    async def _answer(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        return self._name


@asynccontextmanager
async def backend(name: str) -> AsyncIterator[int]:
    """Serve calls that answer with the backend's name; the port."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Echo(name),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)

"""grpcio's own xDS client (``xds:///``) as a second real client: explicit names, LDS to EDS."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
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
from tests.devices.xds_proxy import eventually
from xds_server.protocols.xds import resource_types as types
from xds_server.snapshots.evidence import Acked, Evidence, Nacked
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings

pytestmark = pytest.mark.device

_FILTERS = "type.googleapis.com/envoy.extensions.filters."

# It asks once a line on its standard input and prints the answer; the bootstrap is read once a
# process, so that the client needs one of its own.
_CLIENT = """
import sys, grpc
with grpc.insecure_channel("xds:///shop") as channel:
    call = channel.unary_unary("/tests.Echo/Name")
    for _ in sys.stdin:
        try:
            print(call(b"", timeout=10, wait_for_ready=True).decode(), flush=True)
        except grpc.RpcError as error:
            print(f"failed: {error.code().name} {error.details()}", flush=True)
"""


def _ads() -> ConfigSource:
    return ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)


def _listener() -> Resource:
    router = Packed(type_url=f"{_FILTERS}http.router.v3.Router", value=bytes(Router()))
    manager = HttpConnectionManager(
        rds=Rds(config_source=_ads(), route_config_name="shop"),
        http_filters=[HttpFilter(name="router", typed_config=router)],
    )
    url = f"{_FILTERS}network.http_connection_manager.v3.HttpConnectionManager"
    packed = Packed(type_url=url, value=bytes(manager))
    message = Listener(name="shop", api_listener=ApiListener(api_listener=packed))
    return Resource(types.LISTENER, "shop", bytes(message))


def _cluster(name: str) -> Resource:
    message = Cluster(
        name=name,
        type=ClusterDiscoveryType.EDS,
        eds_cluster_config=ClusterEdsClusterConfig(eds_config=_ads()),
        connect_timeout=timedelta(seconds=1),
    )
    return Resource(types.CLUSTER, name, bytes(message))


def _endpoints(name: str, port: int) -> Resource:
    address = Address(socket_address=SocketAddress(address="127.0.0.1", port_value=port))
    group = LocalityLbEndpoints(
        locality=Locality(zone="one"),
        load_balancing_weight=1,
        lb_endpoints=[LbEndpoint(endpoint=Endpoint(address=address), load_balancing_weight=1)],
    )
    message = ClusterLoadAssignment(cluster_name=name, endpoints=[group])
    return Resource(types.ENDPOINT, name, bytes(message))


def _snapshot(to: str, port: int) -> Snapshot:
    found = [_listener(), make.route("shop", to), _cluster(to), _endpoints(to, port)]
    return snapshot_of(found)


class _Echo(grpc.GenericRpcHandler):
    def __init__(self, name: str) -> None:
        self._name = name.encode()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self._answer)

    async def _answer(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        return self._name


@asynccontextmanager
async def _backend(name: str) -> AsyncIterator[int]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Echo(name),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)


@asynccontextmanager
async def _client(directory: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    bootstrap = {
        "node": {"id": "grpc-1"},
        "xds_servers": [
            {
                "server_uri": f"127.0.0.1:{port}",
                "channel_creds": [{"type": "insecure"}],
                "server_features": ["xds_v3"],
            }
        ],
    }
    path = directory / "bootstrap.json"
    path.write_text(json.dumps(bootstrap))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _CLIENT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "GRPC_XDS_BOOTSTRAP": str(path), "no_proxy": "*"},
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def _ask(client: asyncio.subprocess.Process) -> str:
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(b"\n")
    line = await asyncio.wait_for(client.stdout.readline(), 15)
    return line.decode().strip()


async def test_proxyless_grpc_follows_routes(tmp_path: Path) -> None:
    evidence: list[Evidence] = []
    server = AdsServer(AdsSettings(port=0), evidence.append)
    port = await server.start()
    try:
        async with _backend("red") as red, _backend("blue") as blue, _client(tmp_path, port) as it:
            server.publish("grpc-1", _snapshot("red", red))
            assert await _ask(it) == "red"
            snapshot = _snapshot("blue", blue)
            server.publish("grpc-1", snapshot)

            async def moved() -> bool:
                answer = await _ask(it)
                assert answer in ("red", "blue"), "a call failed while its route moved"
                return answer == "blue"

            await eventually(moved, "calls go to blue")
            wanted = set(snapshot.versions.items())
            await eventually(
                lambda: wanted <= {(e.type, e.version) for e in evidence if isinstance(e, Acked)},
                "all types acknowledged",
            )
            assert [e for e in evidence if isinstance(e, Nacked)] == []
    finally:
        await server.stop(0.5)

import grpc
from envoy_data_plane.envoy.config.core.v3 import Node
from envoy_data_plane.envoy.service.metrics.v3 import (
    StreamMetricsMessage,
    StreamMetricsMessageIdentifier,
)

from tests.unit.xds_server.southbound.grpc_services import channel_to
from xds_server.protocols.xds.protobuf import put
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_metrics import SERVICE, ProxyMetrics

METHOD = f"/{SERVICE}/StreamMetrics"


async def test_families_are_counted_by_node() -> None:
    name = StreamMetricsMessageIdentifier(node=Node(id="host1"))
    first = bytes(StreamMetricsMessage(identifier=name))
    service = ProxyMetrics(Callers())
    async with channel_to(service) as channel:
        call = channel.stream_unary(METHOD)()
        await call.write(first + put(2, b""))
        await call.write(put(2, b"") * 2)
        await call.done_writing()
        assert await call == b""
    assert service.families == {"host1": 3}


async def test_a_proxy_without_a_name_is_refused() -> None:
    async with channel_to(ProxyMetrics(Callers())) as channel:
        call = channel.stream_unary(METHOD)()
        await call.write(put(2, b""))
        assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT

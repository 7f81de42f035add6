import grpc
import pytest
from envoy_data_plane.envoy.service.status.v3 import ClientStatusRequest, ClientStatusResponse
from envoy_data_plane.envoy.type.matcher.v3 import NodeMatcher

from tests.conversations.xds.responses import NODE
from tests.unit.xds_server.southbound.grpc_services import channel_to
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.protobuf import put, put_number
from xds_server.protocols.xds.wire import scan_node
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_csds import SERVICE, ClientStatus


def streams() -> list[XdsStream]:
    found = XdsStream(Dialect.DELTA)
    found.identify(scan_node(NODE), 0.0)
    return [found]


async def test_both_methods_answer_the_same() -> None:
    async with channel_to(ClientStatus(streams, Callers())) as channel:
        once = await channel.unary_unary(f"/{SERVICE}/FetchClientStatus")(b"")
        call = channel.stream_stream(f"/{SERVICE}/StreamClientStatus")()
        for _ in range(2):
            await call.write(b"")
            assert await call.read() == once
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
    (config,) = ClientStatusResponse.parse(once).config
    assert config.node is not None
    assert config.node.id == "web-1"


EXACT_NUMBER = put(1, put(1, put_number(1, 7)))  # node_matchers[0].node_id.exact is no string


@pytest.mark.parametrize(
    "bad", [bytes(ClientStatusRequest(node_matchers=[NodeMatcher()])), EXACT_NUMBER, b"\xff"]
)
async def test_a_matcher_that_says_nothing_is_refused(bad: bytes) -> None:
    async with channel_to(ClientStatus(streams, Callers())) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(f"/{SERVICE}/FetchClientStatus")(bad)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_certificate_sees_its_own_nodes_alone() -> None:
    class Nobody(Callers):
        def sees(self, context):
            return frozenset()

    async with channel_to(ClientStatus(streams, Nobody())) as channel:
        assert await channel.unary_unary(f"/{SERVICE}/FetchClientStatus")(b"") == b""

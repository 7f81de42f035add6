import grpc
import pytest
from grpc_channelz.v1.channelz_pb2 import (
    GetServerSocketsRequest,
    GetServersRequest,
    GetSocketRequest,
    Server,
)
from grpc_channelz.v1.channelz_pb2_grpc import ChannelzStub

from tests.unit.xds_server.southbound.grpc_services import channel_to
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_channelz import Channelz


async def test_a_real_client_sees_this_server_and_its_calls() -> None:
    async with channel_to(Channelz(Callers())) as channel:
        stub = ChannelzStub(channel)
        await stub.GetServers(GetServersRequest())
        answer = await stub.GetServers(GetServersRequest())
        assert any(server.data.calls_started > 0 for server in answer.server)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetSocket(GetSocketRequest(socket_id=1 << 40))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_an_operator_finds_the_connection_of_a_client() -> None:
    async with channel_to(Channelz(Callers())) as channel:
        stub = ChannelzStub(channel)
        servers = (await stub.GetServers(GetServersRequest())).server
        found = [
            one.socket_id
            for server in servers
            for one in (await stub.GetServerSockets(sockets_of(server))).socket_ref
        ]
        sockets = [(await stub.GetSocket(GetSocketRequest(socket_id=one))).socket for one in found]
        assert any(one.data.messages_received > 0 and one.remote.tcpip_address for one in sockets)


def sockets_of(server: Server) -> GetServerSocketsRequest:
    return GetServerSocketsRequest(server_id=server.ref.server_id)


async def test_where_certificates_are_shown_it_is_for_operators() -> None:
    class Proxies(Callers):
        async def check_operator(self, context):
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "for operators")

    async with channel_to(Channelz(Proxies())) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ChannelzStub(channel).GetServers(GetServersRequest())
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED

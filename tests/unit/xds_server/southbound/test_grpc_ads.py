import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
import trustme

from tests.conversations.xds.responses import delta_request, endpoints, listener, read
from tests.unit.xds_server.southbound.grpc_client import Client
from tests.waiting import PATIENCE, eventually
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.protobuf import put_text
from xds_server.protocols.xds.resource_types import ENDPOINT, LISTENER, SERVICES
from xds_server.snapshots.evidence import Acked, Connected, Disconnected, Evidence
from xds_server.snapshots.model import snapshot_of
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings, ListenError, Tls

SNAPSHOT = snapshot_of([listener("a"), endpoints("e")])


@asynccontextmanager
async def serving(**settings) -> AsyncIterator[tuple[AdsServer, int, list[Evidence]]]:
    evidence: list[Evidence] = []
    server = AdsServer(AdsSettings(**{"port": 0, **settings}), evidence.append)
    port = await server.start()
    try:
        yield server, port, evidence
    finally:
        await server.stop(0.5)


def channel_to(port: int) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(f"127.0.0.1:{port}")


async def test_a_stream_from_hello_to_goodbye() -> None:
    async with serving() as (server, port, evidence):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            client = Client(channel)
            await client.ask(LISTENER)
            await eventually(lambda: server.connected())
            server.publish("web-1", SNAPSHOT)
            response = await client.hear()
            assert set(response.bodies) == {"a"}
            await client.ask(LISTENER, nonce=response.nonce, version=response.version)
            await eventually(lambda: isinstance(evidence[-1], Acked))
            assert isinstance(evidence[0], Connected)
        await eventually(lambda: isinstance(evidence[-1], Disconnected))
        assert server.connected() == ()


@pytest.mark.parametrize("service", sorted(SERVICES))
async def test_every_type_has_streams_of_its_own(service: str) -> None:
    url, suffix = SERVICES[service]
    async with serving() as (server, port, _):
        server.publish("web-1", SNAPSHOT)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.stream_stream(f"/{service}/Delta{suffix}")()
            await call.write(delta_request(url, ("none",)))
            response = read(await asyncio.wait_for(call.read(), PATIENCE), Dialect.DELTA)
            assert (response.type_url, response.removed or response.bodyless) == (url, ("none",))


async def test_a_slow_client_does_not_slow_others() -> None:
    big = snapshot_of([listener("a"), *(endpoints(f"e{n}-" + "x" * 5000) for n in range(2000))])
    async with serving() as (server, port, _):
        server.publish("web-1", big)
        async with (
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as one,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.x", 2)]) as two,
        ):
            slow, quick = Client(one), Client(two)
            await slow.ask(ENDPOINT, *big.of(ENDPOINT))  # 10 MB that it never reads
            await eventually(lambda: server.connected())
            await quick.ask(LISTENER)
            assert set((await quick.hear()).bodies) == {"a"}


async def test_a_port_in_use_is_one_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = AdsServer(AdsSettings(port=port), print)
        with pytest.raises(ListenError, match=f"127.0.0.1:{port}.* in use"):
            await server.start()


async def test_two_servers_do_not_share_a_port() -> None:
    async with serving() as (_, port, _):
        with pytest.raises(ListenError):
            await AdsServer(AdsSettings(port=port), print).start()


async def test_unix_sockets_are_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with serving(port=None, unix_socket=str(path)) as (server, port, _):
        assert port == 0
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        server.publish("web-1", SNAPSHOT)
        async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
            client = Client(channel)
            await client.ask(LISTENER)
            assert set((await client.hear()).bodies) == {"a"}


async def test_a_socket_path_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "none" / "s"
    with pytest.raises(ListenError, match="cannot listen on the socket"):
        await AdsServer(AdsSettings(port=None, unix_socket=str(path)), print).start()


async def test_malformed_requests_end_the_stream_with_a_reason() -> None:
    async with serving() as (_, port, _), channel_to(port) as channel:
        client = Client(channel)
        await client.call.write(b"\xff\xff")
        status, text = await client.ended()
        assert status == "INVALID_ARGUMENT"
        assert "not a discovery request" in text


async def test_too_many_streams_are_refused() -> None:
    async with serving(max_streams=1) as (server, port, _):
        address = f"127.0.0.1:{port}"
        async with (
            grpc.aio.insecure_channel(address) as one,
            grpc.aio.insecure_channel(address, options=[("grpc.x", 1)]) as two,
        ):
            await Client(one).ask(LISTENER)
            await eventually(lambda: server.connected())
            other = Client(two)
            assert (await other.ended())[0] == "RESOURCE_EXHAUSTED"


async def test_draining_tells_clients_to_connect_again() -> None:
    async with serving() as (server, port, evidence), channel_to(port) as channel:
        client = Client(channel)
        await client.ask(LISTENER)
        await eventually(lambda: server.connected())
        await server.stop(2.0)
        assert (await client.ended())[0] == "UNAVAILABLE"
        assert isinstance(evidence[-1], Disconnected)


def credentials(authority: trustme.CA, **subject) -> tuple[Tls, grpc.ChannelCredentials]:
    root = authority.cert_pem.bytes()
    server = authority.issue_cert("localhost")
    chain = server.cert_chain_pems[0].bytes()
    tls = Tls(chain, server.private_key_pem.bytes(), client_ca=root)
    client = authority.issue_cert(*subject.pop("names", ()), **subject)
    mine = client.cert_chain_pems[0].bytes()
    return tls, grpc.ssl_channel_credentials(root, client.private_key_pem.bytes(), mine)


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        ({"common_name": "web-1"}, ""),
        ({"names": ("web-1",)}, ""),
        ({"common_name": "web-2"}, "PERMISSION_DENIED"),
    ],
)
async def test_a_node_is_who_its_certificate_says(subject: dict, status: str) -> None:
    tls, mine = credentials(trustme.CA(), **subject)
    async with serving(tls=tls) as (server, port, evidence):
        server.publish("web-1", SNAPSHOT)
        async with grpc.aio.secure_channel(f"localhost:{port}", mine) as channel:
            client = Client(channel)
            await client.ask(LISTENER)
            if status:
                assert (await client.ended())[0] == status
                assert evidence == []
            else:
                assert set((await client.hear()).bodies) == {"a"}


async def test_no_certificate_no_stream() -> None:
    authority = trustme.CA()
    tls, _ = credentials(authority, common_name="web-1")
    async with serving(tls=tls) as (_, port, evidence):
        anonymous = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
        async with grpc.aio.secure_channel(f"localhost:{port}", anonymous) as channel:
            assert (await Client(channel).ended())[0] == "UNAVAILABLE"
        assert evidence == []


def test_keys_do_not_print() -> None:
    assert "secret" not in repr(Tls(b"cert", b"secret"))


async def test_other_services_share_the_port() -> None:
    class Echo(grpc.GenericRpcHandler):
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> object:
            if handler_call_details.method != "/test.Echo/Say":
                return None

            async def say(request: bytes, _context: object) -> bytes:
                return request

            return grpc.unary_unary_rpc_method_handler(say)

    server = AdsServer(AdsSettings(port=0), [].append, services=[Echo()])
    port = await server.start()
    try:
        async with channel_to(port) as channel:
            assert await channel.unary_unary("/test.Echo/Say")(b"hello") == b"hello"
            await Client(channel).ask(LISTENER)
            await eventually(lambda: server.connected())
    finally:
        await server.stop(0.5)


async def test_many_clients_that_come_at_once_are_all_served() -> None:
    many = 3100  # more than gRPC lets wait by itself
    async with serving() as (server, port, _), channel_to(port) as channel:
        clients = [Client(channel) for _ in range(many)]
        for number, client in enumerate(clients):
            server.publish(f"web-{number}", SNAPSHOT)
            await client.ask(LISTENER, node=put_text(1, f"web-{number}"))
        async with asyncio.timeout(60):
            heard = await asyncio.gather(*(client.hear(60) for client in clients))
        assert {tuple(response.bodies) for response in heard} == {("a",)}


async def test_a_node_may_be_allowed_fewer_streams_and_then_as_many_as_ever() -> None:
    async with serving() as (server, port, _), channel_to(port) as channel:
        first, second = Client(channel), Client(channel)
        for number, client in enumerate((first, second), 1):
            await client.ask(LISTENER)
            await eventually(lambda number=number: server.open_streams == number)
        server.allow("web-1", 1)
        assert (await second.ended())[0] == "RESOURCE_EXHAUSTED"
        await eventually(lambda: server.open_streams == 1)
        server.allow("web-1", 64)
        await Client(channel).ask(LISTENER)
        await eventually(lambda: server.open_streams == 2)
        server.allow("", 2)
        assert (await Client(channel).ended())[0] == "RESOURCE_EXHAUSTED"
        assert server.open_streams == 2


async def test_servers_that_mean_to_share_a_port_do() -> None:
    async with (
        serving(shared=True) as (_, port, _),
        serving(shared=True, port=port) as (_, same, _),
    ):
        assert port == same

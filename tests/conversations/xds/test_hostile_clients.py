"""Clients that do what they should not: they are bounded, and a well-behaved one is served."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import grpc
import pytest

from tests.conversations.xds.responses import cluster, endpoints, put, put_text, sotw_request
from tests.unit.xds_server.southbound.grpc_client import Client
from tests.unit.xds_server.southbound.test_grpc_ads import channel_to, serving
from tests.waiting import eventually
from xds_server.protocols.xds.ads import Limits
from xds_server.protocols.xds.bucket import Rate
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.evidence import Nacked
from xds_server.snapshots.model import snapshot_of
from xds_server.southbound.grpc_terms import Terms

MANY = snapshot_of([cluster(f"c{n}", eds=False) for n in range(500)])
GOOD = put_text(1, "good")


async def served_all_the_same(server, port: int) -> None:
    """A client of another node is answered while the hostile one still holds its stream."""
    server.publish("good", snapshot_of([cluster("fine", eds=False)]))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.own", 1)]) as own:
        good = Client(own)
        await good.ask(CLUSTER, node=GOOD)
        assert set((await good.hear()).bodies) == {"fine"}
        await good.call.done_writing()


async def _refuse_all(client: Client, most: int, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """Refuse what comes; raises TimeoutError when nothing comes any more."""
    for number in range(most):
        response = await client.hear(2.0)
        if number == 10:
            await meanwhile()
        await client.ask(CLUSTER, nonce=response.nonce, error="never")


async def test_who_refuses_everything_is_given_up() -> None:
    async with serving() as (server, port, evidence), channel_to(port) as channel:
        server.publish("web-1", MANY)
        client = Client(channel)
        await client.ask(CLUSTER)
        with pytest.raises(TimeoutError):  # it is told nothing any more
            await _refuse_all(client, 250, lambda: served_all_the_same(server, port))
        nacks = [e for e in evidence if isinstance(e, Nacked)]
        assert 0 < len(nacks) <= 17
        assert all(nack.device.name == "web-1" for nack in nacks)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (sotw_request(CLUSTER, node=put_text(1, "web-1") + put(3, b"x" * 300_000)), "the node"),
        (sotw_request(ENDPOINT, tuple(f"e{n}" for n in range(1001))), "over 1000 names"),
    ],
)
async def test_too_much_ends_the_stream_and_says_why(request_: bytes, words: str) -> None:
    async with serving(limits=Limits(names=1000)) as (server, port, _), channel_to(port) as channel:
        client = Client(channel)
        await client.call.write(request_)
        status, text = await client.ended()
        assert status == "RESOURCE_EXHAUSTED"
        assert words in text
        await served_all_the_same(server, port)


async def test_one_node_cannot_take_all_streams() -> None:
    async with serving(limits=Limits(streams=3)) as (server, port, _), channel_to(port) as channel:
        clients = [Client(channel) for _ in range(4)]
        for number, client in enumerate(clients):
            await client.ask(CLUSTER)
            await eventually(lambda n=number: len(server.streams()) == min(n + 1, 3))
        assert (await clients[3].ended())[0] == "RESOURCE_EXHAUSTED"
        await served_all_the_same(server, port)


async def test_a_flood_of_unknown_nonces_is_read_slowly() -> None:
    terms = Terms(requests=Rate(per_second=50.0, burst=100.0))
    async with serving(terms=terms) as (server, port, _), channel_to(port) as channel:
        server.publish("web-1", MANY)
        client = Client(channel)
        await client.ask(CLUSTER)
        first = await client.hear()

        async def flood() -> None:
            while True:
                await client.ask(CLUSTER, nonce="nobody's", error="no")

        flooding = asyncio.create_task(flood())
        await asyncio.sleep(0.3)
        await served_all_the_same(server, port)
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        assert set(first.bodies) == set(MANY.of(CLUSTER))


async def test_who_does_not_read_is_let_go() -> None:
    big = snapshot_of([endpoints(f"e{n}-" + "x" * 5000) for n in range(2000)])
    async with serving(terms=Terms(stall=0.5)) as (server, port, _), channel_to(port) as channel:
        server.publish("web-1", big)
        client = Client(channel)
        await client.ask(ENDPOINT, *big.of(ENDPOINT))
        await eventually(lambda: server.connected())
        await served_all_the_same(server, port)
        await eventually(lambda: [d.name for d in server.connected()] in ([], ["good"]))


async def test_a_stream_that_is_old_ends_so_that_clients_spread() -> None:
    async with serving(terms=Terms(age=0.2)) as (_, port, _), channel_to(port) as channel:
        client = Client(channel)
        await client.ask(CLUSTER)
        status, text = await client.ended()
        assert status == "UNAVAILABLE"
        assert "connect again" in text


async def test_a_fleet_that_comes_back_is_let_in_by_and_by() -> None:
    terms = Terms(first=Rate(per_second=20.0, burst=2.0))
    async with serving(terms=terms) as (server, port, _), channel_to(port) as channel:
        began = time.monotonic()
        for _ in range(8):
            await Client(channel).ask(CLUSTER)
        await eventually(lambda: len(server.streams()) == 8)
        assert time.monotonic() - began >= 0.25


async def hear_all(client: Client) -> None:
    for _ in range(1000):  # and a server that sends for ever is a failure
        await client.hear()


async def test_nonsense_behind_a_request_ends_the_stream_though_an_answer_is_on_its_way() -> None:
    async with serving() as (server, port, _), channel_to(port) as channel:
        server.publish("web-1", MANY)
        for _ in range(30):
            client = Client(channel)
            await client.ask(CLUSTER)
            await client.call.write(b"\xff")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await hear_all(client)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT

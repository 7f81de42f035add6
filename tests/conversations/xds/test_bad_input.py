"""Bad input over real gRPC: a clear status or state, and who stands beside it is served as ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import grpc
import pytest
import trustme

from tests.conversations.xds.responses import (
    NODE,
    cluster,
    delta_request,
    endpoints,
    put,
    put_number,
    put_text,
    sotw_request,
    variant,
)
from tests.unit.xds_server.southbound.grpc_client import Client
from tests.unit.xds_server.southbound.test_grpc_ads import (
    channel_to,
    credentials,
    serving,
)
from tests.waiting import eventually
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.evidence import Acked, Disconnected, Nacked, Warned
from xds_server.snapshots.model import Snapshot, snapshot_of
from xds_server.southbound.grpc_ads import AdsServer

both = pytest.mark.parametrize("dialect", list(Dialect))
ODD = "type.googleapis.com/acme.Odd"


def shop(number: int) -> Snapshot:
    return snapshot_of([cluster("fine", number, eds=False)])


class Beside:
    """A client of another node that was there before the hostile one."""

    def __init__(self, server: AdsServer, client: Client) -> None:
        self._server, self._client = server, client
        self._number = 0

    async def follows(self) -> None:
        """It is sent the next change, and its acknowledgement is taken."""
        self._number += 1
        self._server.publish("good", shop(self._number))
        response = await self._client.hear()
        assert variant(response.bodies["fine"]) == self._number
        await self._client.ask(CLUSTER, nonce=response.nonce, version=response.version)


@asynccontextmanager
async def beside(server: AdsServer, channel: grpc.aio.Channel) -> AsyncIterator[Beside]:
    server.publish("good", shop(0))
    client = Client(channel)
    await client.ask(CLUSTER, node=put_text(1, "good"))
    first = await client.hear()
    await client.ask(CLUSTER, nonce=first.nonce, version=first.version)
    it = Beside(server, client)
    await it.follows()
    yield it
    await it.follows()


@asynccontextmanager
async def bed(**settings: object) -> AsyncIterator[tuple]:
    """A server, the port, its evidence, a channel for the hostile client, and the good client."""
    async with (
        serving(**settings) as (server, port, evidence),
        channel_to(port) as channel,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.own", 1)]) as own,
        beside(server, own) as good,
    ):
        yield server, evidence, channel, good


@both
async def test_an_unknown_type_is_answered_and_the_stream_lives(dialect: Dialect) -> None:
    async with bed() as (server, evidence, channel, good):
        server.publish("web-1", shop(7))
        client = Client(channel, dialect)
        await client.ask(ODD, "one", "two")
        response = await client.hear()
        assert (response.type_url, response.bodies, len(response.errors)) == (ODD, {}, 2)
        [warned] = [e for e in evidence if isinstance(e, Warned)]
        assert "acme.Odd, which is not served" in warned.warning
        await good.follows()
        await client.ask(CLUSTER)
        assert set((await client.hear()).bodies) == {"fine"}


def packed(value: bytes) -> bytes:
    """A google.protobuf.Any whose value is no message."""
    return put_text(1, "type.googleapis.com/acme.Odd") + put(2, value)


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("where", ["error details", "node extensions"])
async def test_a_malformed_any_that_nobody_needs_is_not_read(where: str, dialect: Dialect) -> None:
    async with bed() as (server, evidence, channel, good):
        server.publish("web-1", shop(7))
        client = Client(channel, dialect)
        odd = packed(b"\xff\xff\xff")
        await client.ask(CLUSTER, node=NODE + (put(9, odd) if where == "node extensions" else b""))
        response = await client.hear()
        if where == "error details":
            error = put_number(1, 13) + put_text(2, "fine is bad") + put(3, odd)
            make = sotw_request if dialect is Dialect.SOTW else delta_request
            key = 6 if dialect is Dialect.SOTW else 7
            await client.call.write(make(CLUSTER, nonce=response.nonce) + put(key, error))
            await eventually(lambda: [e for e in evidence if isinstance(e, Nacked)])
            [nack] = [e for e in evidence if isinstance(e, Nacked)]
            assert (nack.resource, nack.reason) == ("fine", "fine is bad")
        await good.follows()


@both
@pytest.mark.parametrize(
    "data",
    [b"\xff\xff", put(2, b"\x0a\xff"), put_text(4, "x")[:-1], put(6, b"\x12\x7f") * 2, b"\x0b"],
    ids=["no field", "node", "cut off", "error", "group"],
)
async def test_what_is_no_request_ends_its_stream_alone(data: bytes, dialect: Dialect) -> None:
    async with bed() as (_, evidence, channel, good):
        client, other = Client(channel, dialect), Client(channel, dialect)
        await other.ask(CLUSTER, "none", node=put_text(1, "other"))
        await client.call.write(data + put(1 if dialect is Dialect.DELTA else 2, b"\x0a\xff"))
        status, text = await client.ended()
        assert status == "INVALID_ARGUMENT"
        assert "not a discovery request" in text
        await good.follows()
        assert not [e for e in evidence if isinstance(e, Disconnected)], "one channel, two streams"


async def test_a_node_larger_than_any_message_is_refused_by_the_transport() -> None:
    async with bed(max_message=1_000_000) as (_, _, channel, good):
        client = Client(channel)
        await client.ask(CLUSTER, node=NODE + put(3, b"x" * 2_000_000))
        assert (await client.ended())[0] == "RESOURCE_EXHAUSTED"
        await good.follows()


@both
async def test_thousands_of_names_are_each_answered(dialect: Dialect) -> None:
    async with bed() as (server, _, channel, good):
        server.publish("web-1", snapshot_of([endpoints("e7")]))
        client = Client(channel, dialect)
        names = [f"e{n}" for n in range(20_000)]
        await client.ask(ENDPOINT, *names)
        response = await client.hear()
        said = {*response.bodies, *response.removed}
        assert said == set(names)
        assert response.bodies["e7"] == endpoints("e7").body
        await good.follows()


@both
async def test_a_nonce_that_was_never_issued_changes_nothing(dialect: Dialect) -> None:
    async with bed() as (server, evidence, channel, good):
        server.publish("web-1", shop(7))
        client = Client(channel, dialect)
        await client.ask(CLUSTER)
        response = await client.hear()
        await client.ask(CLUSTER, nonce="nobody's", error="not this one")
        await client.ask(CLUSTER, nonce="nobody's")
        await good.follows()
        mine = [e for e in evidence if e.device.name == "web-1"]
        assert not [e for e in mine if isinstance(e, Acked | Nacked)]
        more = {"version": response.version} if dialect is Dialect.SOTW else {}
        await client.ask(CLUSTER, nonce=response.nonce, **more)
        await eventually(lambda: [e for e in evidence if isinstance(e, Acked)])


async def test_two_proxies_with_one_node_id_are_served_and_named() -> None:
    async with bed() as (server, evidence, channel, good):
        server.publish("web-1", shop(7))
        one, two = Client(channel), Client(channel)
        for client in (one, two):
            await client.ask(CLUSTER)
            assert set((await client.hear()).bodies) == {"fine"}
        [warned] = [e for e in evidence if isinstance(e, Warned)]
        assert "2 clients call themselves web-1" in warned.warning
        assert not [e for e in evidence if isinstance(e, Disconnected)]
        await good.follows()
        await two.call.done_writing()
        await eventually(lambda: [e.warning for e in evidence if isinstance(e, Warned)][1:] == [""])
        assert [d.name for d in server.connected()] == ["good", "web-1"]


async def test_an_expired_certificate_opens_no_stream() -> None:
    authority, now = trustme.CA(), datetime.now(UTC)
    tls, mine = credentials(authority, names=("good",))
    past = {"not_before": now - timedelta(days=2), "not_after": now - timedelta(days=1)}
    old = authority.issue_cert("web-1", **past)
    expired = grpc.ssl_channel_credentials(
        authority.cert_pem.bytes(), old.private_key_pem.bytes(), old.cert_chain_pems[0].bytes()
    )
    async with (
        serving(tls=tls) as (server, port, evidence),
        grpc.aio.secure_channel(f"localhost:{port}", mine) as own,
        grpc.aio.secure_channel(f"localhost:{port}", expired) as channel,
        beside(server, own) as good,
    ):
        server.publish("web-1", shop(7))
        assert (await Client(channel).ended())[0] == "UNAVAILABLE"
        await good.follows()
        assert {e.device.name for e in evidence} == {"good"}

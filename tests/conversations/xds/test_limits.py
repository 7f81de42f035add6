"""The settings of the xDS port over the wire: each bounds a client, and says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from tests.conversations.xds.responses import put, put_text, sotw_request
from tests.serving import Serving, fsdn
from tests.unit.xds_server.southbound.grpc_client import Client
from tests.unit.xds_server.southbound.test_grpc_ads import channel_to
from tests.waiting import eventually
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.settings import ServerSettings
from xds_server.southbound.grpc_ads import AdsServer
from xds_server.xds_port import ads_settings

NODE = put_text(1, "web-1")


@asynccontextmanager
async def settled(**changed: float) -> AsyncIterator[tuple[AdsServer, int]]:
    given = {"xds": "127.0.0.1:0"} | {f"xds_{name}": value for name, value in changed.items()}
    settings = ServerSettings.model_validate(given)
    settings.check()
    server = AdsServer(ads_settings(settings), lambda _: None)
    try:
        yield server, await server.start()
    finally:
        await server.stop(0.2)


@pytest.mark.parametrize(
    ("limit", "request_", "words"),
    [
        ({"max_names": 5}, sotw_request(ENDPOINT, tuple("abcdef"), node=NODE), "over 5 names"),
        (
            {"max_node": 100},
            sotw_request(CLUSTER, node=NODE + put(3, b"x" * 100)),
            "over 100 bytes",
        ),
        (
            {"max_message": 4096, "max_node": 4096},
            sotw_request(CLUSTER, node=NODE + put(3, b"x" * 4096)),
            "larger than max",
        ),
    ],
)
async def test_what_is_too_much_ends_the_stream(
    limit: dict[str, float], request_: bytes, words: str
) -> None:
    async with settled(**limit) as (_, port), channel_to(port) as channel:
        client = Client(channel)
        await client.call.write(request_)
        status, text = await client.ended()
        assert status == "RESOURCE_EXHAUSTED"
        assert words in text


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"max_streams": 2, "max_node_streams": 2}, "max_streams"),
        ({"max_node_streams": 2}, "'web-1' has 2 streams"),
    ],
)
async def test_the_third_stream_is_one_too_many(limit: dict[str, float], words: str) -> None:
    async with settled(**limit) as (server, port), channel_to(port) as channel:
        for number in range(2):
            await Client(channel).ask(CLUSTER)
            await eventually(lambda n=number: len(server.streams()) == n + 1)
        third = Client(channel)
        await third.ask(CLUSTER)
        status, text = await third.ended()
        assert status == "RESOURCE_EXHAUSTED"
        assert words in text


async def test_who_does_not_say_hello_is_let_go() -> None:
    async with settled(hello=0.1) as (_, port), channel_to(port) as channel:
        assert (await Client(channel).ended())[0] == "DEADLINE_EXCEEDED"


async def test_an_old_stream_is_ended_for_its_client_to_come_again() -> None:
    async with settled(max_age=0.5, age_jitter=0) as (_, port), channel_to(port) as channel:
        client = Client(channel)
        await client.ask(CLUSTER)
        status, text = await client.ended()
        assert status == "UNAVAILABLE"
        assert "connect again" in text


async def test_the_command_takes_them_too(tmp_path: Path) -> None:
    with Serving(tmp_path / "state", "--xds-max-names=5") as server:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port('xds')}") as channel:
            client = Client(channel)
            await client.ask(ENDPOINT, *"abcdef")
            assert "over 5 names" in (await client.ended())[1]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--xds-max-streams=0", "xds_max_streams is 0: Input should be greater than 0"),
        ("--xds-max-node-streams=20000", "raise --xds-max-streams"),
    ],
)
def test_a_wrong_limit_is_one_sentence(tmp_path: Path, option: str, words: str) -> None:
    done = fsdn("serve", option, state=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import Node
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterStats, UpstreamLocalityStats
from envoy_data_plane.envoy.service.load_stats.v3 import LoadStatsRequest, LoadStatsResponse

from tests.unit.xds_server.southbound.grpc_client import Client
from tests.unit.xds_server.southbound.test_grpc_als import METHOD, NAME, batch
from tests.unit.xds_server.test_snapshot_cache import secret
from tests.waiting import eventually
from xds_server.library import (
    Entry,
    Limits,
    Load,
    LoadKey,
    Rate,
    ServerLimits,
    SnapshotCache,
    Terms,
    XdsServer,
    serve,
)
from xds_server.protocols.xds.protobuf import put_text
from xds_server.protocols.xds.resource_types import CLUSTER, SECRET
from xds_server.southbound.grpc_lrs import SERVICE

LOADS = f"/{SERVICE}/StreamLoadStats"


@asynccontextmanager
async def channel_to(
    cache: SnapshotCache, address: str = "127.0.0.1:0", **more: Any
) -> AsyncIterator[tuple[grpc.aio.Channel, XdsServer]]:
    async with serve(cache, address, **more) as server:
        at = f"127.0.0.1:{server.port}" if server.port else address
        async with grpc.aio.insecure_channel(at) as channel:
            yield channel, server


def node(name: str) -> bytes:
    return put_text(1, name)


async def test_a_server_takes_a_free_port_and_refuses_what_is_no_address() -> None:
    async with serve(SnapshotCache(), "127.0.0.1:0") as server:
        assert server.port > 0
        assert server.connected() == ()
    for address in ("nothing", "127.0.0.1:http", ":70000"):
        with pytest.raises(ValueError, match="no address"):
            async with serve(SnapshotCache(), address):
                pass


async def test_clients_are_served_told_of_changes_and_forgotten() -> None:
    cache = SnapshotCache(node_hash=lambda node: node.partition("-")[0])
    async with channel_to(cache) as (channel, server):
        cache.set_snapshot("web", [Cluster(name="a")], version="1")
        client = Client(channel)
        await client.ask(CLUSTER, node=node("web-1"))
        first = await client.hear()
        assert first.version == "1"
        await client.ask(CLUSTER, node=b"", version="1", nonce=first.nonce)
        assert server.connected() == ("web-1",)
        cache.set_snapshot("web", [Cluster(name="a"), Cluster(name="b")], version="2")
        assert (await client.hear()).version == "2"
        client.call.cancel()
        await eventually(lambda: server.connected() == ())


async def test_limits_are_kept() -> None:
    limits = ServerLimits(stream=Limits(names=2), terms=Terms(hello=0.2))
    async with channel_to(SnapshotCache(), limits=limits) as (channel, _):
        greedy, silent = Client(channel), Client(channel)
        await greedy.ask(CLUSTER, "a", "b", "c", node=node("web-1"))
        assert (await greedy.ended())[0] == "RESOURCE_EXHAUSTED"
        assert (await silent.ended())[0] == "DEADLINE_EXCEEDED"
    async with channel_to(SnapshotCache(), limits=ServerLimits(max_streams=1)) as (channel, server):
        first = Client(channel)
        await first.ask(CLUSTER, node=node("web-1"))
        await eventually(server.connected)
        assert (await Client(channel).ended())[0] == "RESOURCE_EXHAUSTED"


def test_limits_that_cannot_be_are_refused() -> None:
    for wrong in (
        {"max_streams": 0},
        {"keepalive": 0.0},
        {"max_message": 4096},
        {"terms": Terms(requests=Rate(0.0, 1.0))},
        {"terms": Terms(first=Rate(1.0, 0.0))},
        {"stream": Limits(streams=0)},
    ):
        with pytest.raises(ValueError, match=r"more|at least"):
            ServerLimits(**wrong)  # type: ignore[arg-type]


async def test_access_logs_are_told_and_a_listener_that_fails_harms_no_stream() -> None:
    heard, errors = list[Entry](), list[Any]()
    asyncio.get_running_loop().set_exception_handler(lambda _, what: errors.append(what))

    def hear(entry: Entry) -> None:
        heard.append(entry)
        if len(heard) == 1:
            raise RuntimeError("no disk")

    async with channel_to(SnapshotCache(), on_access_log=hear) as (channel, _):
        call = channel.stream_unary(METHOD)()
        await call.write(batch(2, NAME))
        await call.done_writing()
        assert await call == b""
    assert [entry.node for entry in heard] == ["host1", "host1"]
    # What else may be here are the remains of other tests' connections, found only now.
    assert "no disk" in [str(what["exception"]) for what in errors]


async def test_loads_are_asked_for_and_told() -> None:
    heard = list[tuple[LoadKey, Load]]()
    more = {"on_load": lambda *told: heard.append(told), "load_interval": 3.0}
    async with channel_to(SnapshotCache(), **more) as (channel, _):
        call = channel.stream_stream(LOADS)()
        await call.write(bytes(LoadStatsRequest(node=Node(id="web-1"))))
        wish = LoadStatsResponse.parse(await call.read())
        assert wish.load_reporting_interval is not None
        assert wish.load_reporting_interval.total_seconds() == 3.0
        sent = UpstreamLocalityStats(total_issued_requests=7, total_error_requests=2)
        stats = ClusterStats(cluster_name="stock", upstream_locality_stats=[sent])
        await call.write(bytes(LoadStatsRequest(cluster_stats=[stats])))
        await eventually(lambda: heard)
        key, load = heard[0]
        assert key == LoadKey("web-1", "stock", "")
        assert (load.issued, load.failed) == (7, 2)


async def test_services_that_nobody_listens_to_are_not_there() -> None:
    async with channel_to(SnapshotCache()) as (channel, _):
        for method in (METHOD, LOADS):
            call = channel.stream_stream(method)()
            assert await call.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_secrets_reach_their_owner_and_nobody_else(tmp_path: Path) -> None:
    cache = SnapshotCache(node_hash=lambda _: "all")
    cache.set_snapshot("all", [Cluster(name="a")])
    cache.set_secrets("web-1", [secret("key")])
    async with channel_to(cache, f"unix:{tmp_path}/x.sock") as (channel, _):
        owner, other = Client(channel), Client(channel)
        await owner.ask(SECRET, "key", node=node("web-1"))
        await other.ask(SECRET, "key", node=node("web-2"))
        first = await owner.hear()
        assert list(first.bodies) == ["key"]
        await owner.ask(SECRET, "key", node=b"", version=first.version, nonce=first.nonce)
        await other.ask(CLUSTER, node=b"")
        seen = await other.hear()
        while seen.type_url != CLUSTER:
            assert not seen.bodies
            seen = await other.hear()
        cache.set_secrets("web-1", [secret("key", "rotated")])
        assert b"rotated" in (await owner.hear()).bodies["key"]


async def test_secrets_are_not_sent_where_others_can_hear_them() -> None:
    cache = SnapshotCache()
    cache.set_secrets("web-1", [secret("key")])
    cache.set_snapshot("web-1", [Cluster(name="a")])
    async with channel_to(cache) as (channel, _):
        client = Client(channel)
        await client.ask(SECRET, "key", node=node("web-1"))
        await client.ask(CLUSTER, node=b"")
        seen = await client.hear()
        while seen.type_url != CLUSTER:
            assert not seen.bodies
            seen = await client.hear()


def test_the_example_is_of_thirty_lines() -> None:
    text = (Path(__file__).parents[3] / "examples" / "control_plane.py").read_text()
    code = text.split('"""', 2)[2].splitlines()
    lines = [line for line in code if line.strip() and not line.lstrip().startswith('"""')]
    assert len(lines) <= 30

"""A real Envoy, both dialects: it loads, follows changes, refuses, and never answers 503."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.devices import xds_resources as make
from tests.devices.xds_proxy import Load, Proxy, backend, envoy, eventually, short_directory
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.evidence import Acked, Connected, Disconnected, Evidence, Nacked
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings

pytestmark = pytest.mark.device


class Bed:
    """One server, one Envoy, two backends."""

    def __init__(self, directory: Path, server: AdsServer, evidence: list[Evidence]) -> None:
        self.directory = directory
        self.server = server
        self.evidence = evidence
        self.proxy: Proxy

    def snapshot(self, to: str, *clusters: str, extra: tuple[Resource, ...] = ()) -> Snapshot:
        front = str(self.directory / "front.sock")
        resources = [make.listener("front", front, "shop"), make.route("shop", to), *extra]
        for name in clusters or (to,):
            resources += [make.cluster(name), make.endpoints(name, self.path(name))]
        return snapshot_of(resources)

    def path(self, name: str) -> str:
        return str(self.directory / f"{name.split('-')[0]}.sock")

    def publish(self, snapshot: Snapshot) -> None:
        self.server.publish("web-1", snapshot)

    async def until(self, body: str) -> None:
        async def serves() -> bool:
            return await self.proxy.fetch() == (200, body)

        await eventually(serves, f"the answer {body}")

    async def synced(self, snapshot: Snapshot) -> None:
        wanted = {(url, snapshot.version(url)) for url in (CLUSTER, ENDPOINT, LISTENER, ROUTE)}
        await eventually(lambda: wanted <= self.acked(), f"acknowledged: {wanted}")

    def acked(self) -> set[tuple[str, str]]:
        return {(e.type, e.version) for e in self.evidence if isinstance(e, Acked)}

    def nacks(self) -> list[Nacked]:
        return [e for e in self.evidence if isinstance(e, Nacked)]


@asynccontextmanager
async def bed(*, delta: bool) -> AsyncIterator[Bed]:
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(short_directory())
        evidence: list[Evidence] = []
        settings = AdsSettings(port=None, unix_socket=str(directory / "ads.sock"))
        server = AdsServer(settings, evidence.append)
        await server.start()
        stack.push_async_callback(server.stop, 1.0)
        for name in ("red", "blue"):
            await stack.enter_async_context(backend(directory, name))
        found = Bed(directory, server, evidence)
        found.proxy = stack.enter_context(envoy(directory, "web-1", delta=delta))
        yield found


both = pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])


@both
async def test_loads_follows_and_refuses(delta: bool) -> None:
    async with bed(delta=delta) as it:
        first = it.snapshot("red")
        it.publish(first)
        await it.until("red")
        await it.synced(first)
        assert "Connected" in {type(e).__name__ for e in it.evidence}

        second = it.snapshot("blue")
        it.publish(second)
        await it.until("blue")
        await it.synced(second)
        await eventually(lambda: "red" not in it.proxy.clusters(), "the cluster red is removed")

        bad = make.listener(
            "bad", str(it.directory / "bad.sock"), "shop", http_filter="http.Unknown"
        )
        it.publish(it.snapshot("blue", extra=(bad,)))
        await eventually(it.nacks, "a refusal")
        [nack] = it.nacks()
        assert (nack.type, nack.resource, nack.origin) == (LISTENER, "bad", "shop.yaml:7")
        assert "http.Unknown" in nack.reason
        assert await it.proxy.fetch() == (200, "blue")
        await asyncio.sleep(0.5)
        assert len(it.nacks()) == 1, "a refused listener was sent again"

        it.publish(second)
        await it.synced(second)


@both
async def test_cluster_without_endpoints_does_not_warm(delta: bool) -> None:
    """Absence is said aloud: waiting for it would take Envoy 15 s."""
    async with bed(delta=delta) as it:
        snapshot = it.snapshot("red", extra=(make.cluster("none"),))
        it.publish(snapshot)
        await it.until("red")
        await eventually(lambda: (CLUSTER, snapshot.version(CLUSTER)) in it.acked(), "acked", 5)


@both
async def test_changed_cluster_gets_its_endpoints_again(delta: bool) -> None:
    async with bed(delta=delta) as it:
        it.publish(it.snapshot("red"))
        await it.until("red")
        await it.synced(it.snapshot("red"))
        resources = {r.name + r.type_url: r for r in _all(it.snapshot("red"))}
        resources["red" + CLUSTER] = make.cluster("red", timeout=2.0)
        changed = snapshot_of(resources.values())
        began = time.monotonic()
        it.publish(changed)
        await it.synced(changed)
        assert time.monotonic() - began < 5, "the cluster warmed until its fetch timed out"


@both
async def test_no_request_fails_while_routes_switch(delta: bool) -> None:
    """Every switch brings a new cluster and removes the old one, under load."""
    async with bed(delta=delta) as it:
        it.publish(it.snapshot("red-0"))
        await it.until("red")
        async with Load(it.proxy.front).running() as load:
            for turn in range(1, 201):
                name = ("red", "blue")[turn % 2]
                snapshot = it.snapshot(f"{name}-{turn}")
                it.publish(snapshot)
                if turn % 3:  # now and then the next change overtakes this one
                    await it.synced(snapshot)
            await it.synced(snapshot)
            await eventually(lambda: it.proxy.clusters() == {"xds", "red-200"}, "one cluster")
        assert load.failures == {}
        assert load.seen.keys() == {(200, "red"), (200, "blue")}
        assert it.nacks() == []


async def test_unknown_node_waits_and_two_streams_are_one_device() -> None:
    async with bed(delta=True) as it:
        await eventually(lambda: it.evidence, "a connection")
        [connected] = it.evidence
        assert isinstance(connected, Connected)
        assert "unknown node" in connected.detail
        assert "envoy 1.40.0" in connected.detail
        it.publish(it.snapshot("red"))
        await it.until("red")
        twin = it.directory / "twin"
        twin.mkdir()
        (twin / "ads.sock").symlink_to(it.directory / "ads.sock")
        with envoy(twin, "web-1", delta=True) as other:
            await eventually(lambda: other.stat("control_plane.connected_state"), "two streams")
        await asyncio.sleep(0.5)
        assert not [e for e in it.evidence if isinstance(e, Disconnected)]


def _all(snapshot: Snapshot) -> list[Resource]:
    return [r for named in snapshot.resources.values() for r in named.values()]

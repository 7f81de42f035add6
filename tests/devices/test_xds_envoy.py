"""A real Envoy, both dialects: it loads, follows changes, refuses, and never answers 503."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.devices import xds_resources as make
from tests.devices.clients import envoy_version
from tests.devices.xds_bed import bed, both
from tests.devices.xds_proxy import envoy
from tests.waiting import eventually
from xds_server.protocols.xds.resource_types import CLUSTER, LISTENER
from xds_server.snapshots.evidence import Connected, Disconnected
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

pytestmark = [pytest.mark.device, pytest.mark.envoy("changes, refusals, warming, two streams")]


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
        await eventually(lambda: (CLUSTER, snapshot.version(CLUSTER)) in it.acked(), "acked", 12)
        assert it.nacks() == []


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
        assert time.monotonic() - began < 12, "the cluster warmed until its fetch timed out"


async def test_unknown_node_waits_and_two_streams_are_one_device() -> None:
    async with bed(delta=True) as it:
        await eventually(lambda: it.evidence, "a connection")
        [connected] = it.evidence
        assert isinstance(connected, Connected)
        assert "unknown node" in connected.detail
        assert f"envoy {envoy_version()}" in connected.detail
        it.publish(it.snapshot("red"))
        await it.until("red")
        twin = it.directory / "twin"
        twin.mkdir()
        (twin / "ads.sock").symlink_to(it.directory / "ads.sock")
        with envoy(twin, "web-1", delta=True) as other:
            await eventually(lambda: other.stat("control_plane.connected_state"), "two streams")
        await eventually(lambda: it.server.open_streams == 1, "one stream of two has ended")
        assert not [e for e in it.evidence if isinstance(e, Disconnected)]


def _all(snapshot: Snapshot) -> list[Resource]:
    return [r for named in snapshot.resources.values() for r in named.values()]

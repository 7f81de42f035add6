"""A real Envoy in all four variants: state-of-the-world and delta, aggregated and per type."""

from __future__ import annotations

import asyncio

import pytest

from tests.devices import xds_resources as make
from tests.devices.xds_bed import bed
from tests.waiting import eventually
from xds_server.protocols.xds.resource_types import CLUSTER, LISTENER
from xds_server.snapshots.evidence import Connected

pytestmark = [
    pytest.mark.device,
    pytest.mark.envoy("state-of-the-world and delta, aggregated and per type"),
    pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"]),
    pytest.mark.parametrize("aggregated", [True, False], ids=["aggregated", "per type"]),
]


async def test_it_loads_follows_and_refuses(delta: bool, aggregated: bool) -> None:
    async with bed(delta=delta, aggregated=aggregated) as it:
        first = it.snapshot("red")
        it.publish(first)
        await it.until("red")
        await it.synced(first)
        [connected] = [e for e in it.evidence if isinstance(e, Connected)]
        assert (", delta" in connected.detail) == delta

        it.publish(it.snapshot("blue", "red", "blue"))  # streams of two types keep no order
        await it.until("blue")
        second = it.snapshot("blue")
        it.publish(second)
        await it.synced(second)
        await eventually(lambda: it.proxy.clusters() == {"xds", "blue"}, "red is removed")

        door = make.listener("bad", str(it.directory / "bad"), "shop", "http.No", it.source)
        it.publish(it.snapshot("blue", extra=(door,)))
        await eventually(it.nacks, "a refusal")
        assert [(nack.type, nack.resource) for nack in it.nacks()] == [(LISTENER, "bad")]
        await asyncio.sleep(0.3)
        assert len(it.nacks()) == 1, "a refused listener was sent again"
        assert await it.proxy.fetch() == (200, "blue")


async def test_absent_endpoints_are_said_to_be_absent(delta: bool, aggregated: bool) -> None:
    """Waiting for them would take Envoy 15 s, and the clusters' acknowledgement as long."""
    async with bed(delta=delta, aggregated=aggregated) as it:
        snapshot = it.snapshot("red", extra=(make.cluster("none", source=it.source),))
        it.publish(snapshot)
        await it.until("red")
        await eventually(lambda: (CLUSTER, snapshot.version(CLUSTER)) in it.acked(), "acked", 12)
        assert it.nacks() == []

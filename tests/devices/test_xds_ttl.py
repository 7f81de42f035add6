"""A real Envoy forgets what has a time to live when the server is gone, and not before."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.devices.xds_bed import bed
from tests.devices.xds_proxy import eventually
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.snapshots.model import snapshot_of

pytestmark = [pytest.mark.device, pytest.mark.envoy("TTL heartbeats")]


async def test_heartbeats_keep_a_cluster_for_as_long_as_there_is_a_server() -> None:
    async with bed(delta=True) as it:
        mortal = it.snapshot("red", "red", "blue")
        everything = [r for named in mortal.resources.values() for r in named.values()]
        brief = [
            replace(r, ttl=1.0, version="") if (r.type_url, r.name) == (CLUSTER, "blue") else r
            for r in everything
        ]
        snapshot = snapshot_of(brief)
        it.publish(snapshot)
        await it.until("red")
        await it.synced(snapshot)
        for _ in range(8):
            await asyncio.sleep(0.4)
            assert it.proxy.clusters() == {"xds", "red", "blue"}, "it lived three lives"
        assert it.nacks() == []
        await it.server.stop(0)
        await eventually(lambda: it.proxy.clusters() == {"xds", "red"}, "blue is forgotten")
        assert await it.proxy.fetch() == (200, "red")

"""A real Envoy drops what has outlived its time, and keeps what heartbeats keep."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.devices.xds_bed import Bed, bed, both
from tests.waiting import eventually
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.evidence import Offered
from xds_server.snapshots.model import Snapshot, snapshot_of

pytestmark = [pytest.mark.device, pytest.mark.envoy("TTL heartbeats")]
TTL = 1.5  # seconds


def mortal(it: Bed, *types: str) -> Snapshot:
    of = it.snapshot("red").resources.values()
    return snapshot_of(
        replace(r, ttl=TTL, version="") if r.type_url in types else r
        for named in of
        for r in named.values()
    )


async def _gone(it: Bed) -> bool:
    return (await it.proxy.fetch())[0] != 200


@both
@pytest.mark.parametrize("types", [(CLUSTER, LISTENER), (ENDPOINT, ROUTE)], ids=["all", "named"])
async def test_heartbeats_keep_it_and_silence_drops_it(delta: bool, types: tuple[str, ...]) -> None:
    async with bed(delta=delta) as it:
        snapshot = mortal(it, *types)
        it.publish(snapshot)
        await it.until("red")
        await it.synced(snapshot)
        offered = len([e for e in it.evidence if isinstance(e, Offered)])
        for _ in range(int(3 * TTL / 0.1)):
            assert await it.proxy.fetch() == (200, "red")
            await asyncio.sleep(0.1)
        assert it.nacks() == []
        assert len([e for e in it.evidence if isinstance(e, Offered)]) == offered
        if not delta or ENDPOINT in types:
            # Envoy up to 1.40 keeps endpoints and routes that expire, and does not survive any
            # expiry on a state-of-the-world stream.
            return
        await it.server.stop(0.1)

        async def dropped() -> bool:
            try:
                return await _gone(it)
            except OSError:
                return True  # the listener itself is gone

        await eventually(dropped, "what nobody spoke of is dropped", 3 * TTL)


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

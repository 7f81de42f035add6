"""A real Envoy refuses one cluster of many: it is found and named, and the others are served."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from envoy_data_plane.envoy.config.cluster.v3 import Cluster, ClusterDiscoveryType

from tests.devices.xds_bed import Bed, bed, both
from tests.waiting import eventually
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.snapshots.evidence import Offered
from xds_server.snapshots.model import Resource, Snapshot

pytestmark = [pytest.mark.device, pytest.mark.envoy("NACK bisection")]


def plain(name: str, line: int, seconds: float = 1.0) -> Resource:
    """A cluster without endpoints; of a negative timeout Envoy does not say whose it is."""
    message = Cluster(
        name=name,
        type=ClusterDiscoveryType.STATIC,
        connect_timeout=timedelta(seconds=seconds),
    )
    return Resource(CLUSTER, name, bytes(message), origin=f"shop.yaml:{line}")


def with_bad(it: Bed, count: int, bad: int) -> Snapshot:
    found = [plain(f"c{n:02}", n, -1.0 if n == bad else 1.0) for n in range(count)]
    return it.snapshot("red", extra=tuple(found))


def offers(it: Bed) -> int:
    return len([e for e in it.evidence if isinstance(e, Offered) and e.type == CLUSTER])


@both
@pytest.mark.parametrize("count", [3, 64])
async def test_the_rest_is_served_and_the_bad_one_named(count: int, delta: bool) -> None:
    async with bed(delta=delta) as it:
        bad = count * 2 // 3
        it.publish(with_bad(it, count, bad))
        await it.until("red")
        await eventually(it.nacks, "a refusal")
        [nack] = it.nacks()
        assert nack.resource not in nack.reason
        assert (nack.resource, nack.origin) == (f"c{bad:02}", f"shop.yaml:{bad}")
        wanted = {f"c{n:02}" for n in range(count)} - {f"c{bad:02}"} | {"red", "xds"}
        await eventually(lambda: it.proxy.clusters() == wanted, "every other cluster")
        assert offers(it) <= 2 * count.bit_length() + 1
        await asyncio.sleep(0.3)
        assert len(it.nacks()) == 1, "a bad cluster was sent again"
        mended = with_bad(it, count, -1)
        it.publish(mended)
        await it.synced(mended)
        assert f"c{bad:02}" in it.proxy.clusters()

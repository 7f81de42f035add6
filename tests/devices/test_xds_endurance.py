"""Under load no request fails: while routes switch, endpoints are replaced, and servers are killed.

`make endurance` sets FSDN_ENDURANCE=full, which is 1,000 switches and 20 kills. Every test prints
its counts.
"""

from __future__ import annotations

import os

import pytest

from tests.devices import xds_resources as make
from tests.devices.test_xds_restart import in_sync, serves, serving
from tests.devices.xds_bed import Bed, bed, both
from tests.devices.xds_proxy import Load, backend, envoy, short_directory
from tests.waiting import eventually
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.snapshots.model import Snapshot, snapshot_of

pytestmark = [pytest.mark.device, pytest.mark.envoy("make before break and restarts, under load")]

_FULL = os.environ.get("FSDN_ENDURANCE") == "full"
SWITCHES = 1000 if _FULL else 200
REPLACEMENTS = 200
KILLS = 20 if _FULL else 2


def judge(load: Load, what: str) -> None:
    failed = sum(load.failures.values())
    print(f"{what}: {sum(load.seen.values())} requests, {failed} failed")
    assert load.failures == {}


@both
async def test_routes_switch(delta: bool) -> None:
    """Every switch brings a new cluster and removes the old one."""
    async with bed(delta=delta) as it:
        it.publish(it.snapshot("red-0"))
        await it.until("red")
        async with Load(it.proxy.front).running() as load:
            for turn in range(1, SWITCHES + 1):
                name = ("red", "blue")[turn % 2]
                snapshot = it.snapshot(f"{name}-{turn}")
                it.publish(snapshot)
                if turn % 3:  # now and then the next change overtakes this one
                    await it.synced(snapshot)
            await it.synced(snapshot)
            last = {"xds", f"red-{SWITCHES}"}
            await eventually(lambda: it.proxy.clusters() == last, "one cluster")
        judge(load, f"{SWITCHES} route switches")
        assert load.seen.keys() == {(200, "red"), (200, "blue")}
        assert it.nacks() == []


def leading_to(it: Bed, backend: str) -> Snapshot:
    """Return a shop whose one cluster has this backend as its one endpoint."""
    found = [r for named in it.snapshot("shop").resources.values() for r in named.values()]
    others = [r for r in found if r.type_url != ENDPOINT]
    return snapshot_of([*others, make.endpoints("shop", it.path(backend))])


@both
async def test_endpoints_are_replaced(delta: bool) -> None:
    """Each replacement is waited for until a request reaches the new endpoint."""
    async with bed(delta=delta) as it:
        it.publish(leading_to(it, "red"))
        await it.until("red")
        async with Load(it.proxy.front).running() as load:
            for turn in range(1, REPLACEMENTS + 1):
                name = ("red", "blue")[turn % 2]
                it.publish(leading_to(it, name))
                await it.until(name)
        judge(load, f"{REPLACEMENTS} endpoint replacements")
        assert it.nacks() == []


@both
async def test_servers_are_killed(delta: bool) -> None:
    """SIGKILL and a new process on the same content: it sends nothing at all."""
    with short_directory() as directory:
        async with backend(directory, "red"):
            with envoy(directory, "web-1", delta=delta) as proxy:
                with serving(directory, 0, "red") as server:
                    await serves(proxy, "red")
                    await in_sync(server, directory, "red")
                async with Load(proxy.front).running() as load:
                    for run in range(1, KILLS + 1):
                        with serving(directory, run, "red") as server:
                            await in_sync(server, directory, "red")
                            assert server.said("Offered") == [], "something was sent again"
                            assert {value["written"] for value in server.said("Acked")} == {0}
                judge(load, f"{KILLS} kills of the server, 0 resources sent again")

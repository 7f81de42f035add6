"""A real Envoy takes its listeners from a collection of structured names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from envoy_data_plane.envoy.config.listener.v3 import Listener

from tests.devices import xds_resources as make
from tests.devices.xds_proxy import Proxy, backend, bootstrap, short_directory, started
from tests.waiting import eventually
from xds_server.library import Resource, SnapshotCache, serve
from xds_server.protocols.xds.resource_types import LISTENER
from xds_server.snapshots.evidence import Acked, Evidence, Nacked

pytestmark = [pytest.mark.device, pytest.mark.envoy("collections of structured names")]
OF = "xdstp://fsdn.example/envoy.config.listener.v3.Listener"


def listener(path: str, socket: Path) -> Resource:
    """A listener under a structured name, which its body has to say too."""
    name = f"{OF}/{path}"
    message = Listener.parse(make.listener(name, str(socket), "shop").body)
    return Resource(LISTENER, name, bytes(message))


async def answers(socket: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    writer.close()
    return True


async def test_listeners_of_a_collection_come_and_go() -> None:
    heard: list[Evidence] = []
    with short_directory() as directory:
        cache = SnapshotCache()
        config = bootstrap(directory, "web-1", delta=True)
        dynamic = config["dynamic_resources"]
        dynamic["lds_resources_locator"] = f"{OF}/shop/*"
        front, other, elsewhere = (directory / f"{name}.sock" for name in ("front", "b", "c"))
        async with (
            backend(directory, "red") as red,
            serve(cache, f"unix:{directory}/ads.sock", on_evidence=heard.append),
        ):
            rest = [make.route("shop", "red"), make.cluster("red"), make.endpoints("red", red)]

            def publish(*listeners: Resource) -> None:
                cache.set_snapshot("web-1", [*rest, *listeners])

            one, outside = listener("shop/a", front), listener("else/c", elsewhere)
            publish(one, outside)
            with started(directory, "web-1", config) as proxy:
                await eventually(lambda: serves(proxy), "the listener of the collection")
                publish(one, listener("shop/b", other), outside)
                await eventually(lambda: answers(other), "a second one")
                publish(listener("shop/b", other), outside)
                await eventually(lambda: refused(front), "the first one is gone")
                assert not await answers(elsewhere)
                assert any(isinstance(e, Acked) and e.type == LISTENER for e in heard)
                assert not any(isinstance(e, Nacked) for e in heard)


async def serves(proxy: Proxy) -> bool:
    return await proxy.fetch() == (200, "red")


async def refused(socket: Path) -> bool:
    return not await answers(socket)

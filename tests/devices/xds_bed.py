"""One server, one Envoy that it serves, and two backends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from envoy_data_plane.envoy.config.core.v3 import ConfigSource

from tests.devices import xds_resources as make
from tests.devices.xds_proxy import Proxy, backend, envoy, short_directory
from tests.waiting import eventually
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.evidence import Acked, Evidence, Nacked
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings


class Bed:
    """One server, one Envoy, two backends."""

    proxy: Proxy

    def __init__(
        self,
        directory: Path,
        server: AdsServer,
        evidence: list[Evidence],
        source: ConfigSource = make.ADS,
    ) -> None:
        self.directory = directory
        self.server = server
        self.evidence = evidence
        self.source = source

    def snapshot(self, to: str, *clusters: str, extra: tuple[Resource, ...] = ()) -> Snapshot:
        front = str(self.directory / "front.sock")
        door = make.listener("front", front, "shop", source=self.source)
        resources = [door, make.route("shop", to), *extra]
        for name in clusters or (to,):
            own = make.cluster(name, source=self.source)
            resources += [own, make.endpoints(name, self.path(name))]
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
async def bed(*, delta: bool, aggregated: bool = True) -> AsyncIterator[Bed]:
    """Run a server and an Envoy that speaks one of the four variants."""
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(short_directory())
        evidence: list[Evidence] = []
        settings = AdsSettings(port=None, unix_socket=str(directory / "ads.sock"))
        server = AdsServer(settings, evidence.append)
        await server.start()
        stack.push_async_callback(server.stop, 1.0)
        for name in ("red", "blue"):
            await stack.enter_async_context(backend(directory, name))
        source = make.ADS if aggregated else make.per_type(delta=delta)
        found = Bed(directory, server, evidence, source)
        proxy = envoy(directory, "web-1", delta=delta, aggregated=aggregated)
        found.proxy = stack.enter_context(proxy)
        yield found


both = pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])

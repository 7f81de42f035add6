"""gRPC's own xDS clients (``xds:///``), in Python and in Node.js: explicit names, LDS to EDS."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import trustme

from tests.devices.proxyless import backend, shop
from tests.devices.proxyless_clients import KINDS, Client, client
from tests.unit.xds_server.southbound.worker_pools import reports
from tests.waiting import eventually
from translators.envoy.bootstrap import TlsPaths
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.evidence import Acked, Disconnected, Evidence, Nacked, Offered
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings, Tls
from xds_server.southbound.worker_pool import WorkerPool

pytestmark = [pytest.mark.device, pytest.mark.parametrize("kind", KINDS)]
everywhere = pytest.mark.parametrize("served", ["alone", "by workers", "by workers over TLS"])


class Bed:
    """One server, one client, two backends."""

    red: int
    blue: int
    client: Client

    def __init__(self, directory: Path, served: str) -> None:
        self.evidence: list[Evidence] = []
        self.port = 0
        self.server: AdsServer | WorkerPool
        self.trust: TlsPaths | None = None  # what the client needs to be trusted
        self._served = served
        self._tls: Tls | None = None
        if served.endswith("TLS"):
            self.trust, self._tls = certified(directory)

    async def start(self) -> None:
        """Start a server that knows nothing; the second time on the same port."""
        self.evidence.clear()
        settings, hear = AdsSettings(port=self.port, tls=self._tls), self.evidence.append
        if self._served == "alone":
            self.server = AdsServer(settings, hear)
        else:
            self.server = WorkerPool(settings, 2, hear, time.time, reports())
        self.port = await self.server.start()

    def publish(self, resources: list[Resource]) -> Snapshot:
        snapshot = snapshot_of(resources)
        self.server.publish("grpc-1", snapshot)
        return snapshot

    async def moves(self, old: str, new: str) -> None:
        """Call until the new one answers; no call may fail meanwhile."""

        async def moved() -> bool:
            answer = await self.client.call("now")
            assert answer in (old, new), f"a call failed: {answer}"
            return answer == new

        await eventually(moved, f"calls go to {new}")

    async def synced(self, snapshot: Snapshot) -> None:
        wanted = set(snapshot.versions.items())
        await eventually(lambda: wanted <= self.acked(), "all types acknowledged")
        assert [e for e in self.evidence if isinstance(e, Nacked)] == []

    def acked(self) -> set[tuple[str, str]]:
        return {(e.type, e.version) for e in self.evidence if isinstance(e, Acked)}


def certified(directory: Path) -> tuple[TlsPaths, Tls]:
    """Return the client's files, and what the server shows and demands."""
    authority = trustme.CA()
    paths = [str(directory / name) for name in ("client.pem", "client.key", "ca.pem")]
    client = authority.issue_cert("grpc-1")
    client.cert_chain_pems[0].write_to_path(paths[0])
    client.private_key_pem.write_to_path(paths[1])
    authority.cert_pem.write_to_path(paths[2])
    server, root = authority.issue_cert("127.0.0.1"), authority.cert_pem.bytes()
    chain, key = server.cert_chain_pems[0].bytes(), server.private_key_pem.bytes()
    return TlsPaths(*paths), Tls(chain, key, client_ca=root)


@asynccontextmanager
async def bed(
    kind: str, directory: Path, served: str = "alone", **environment: str
) -> AsyncIterator[Bed]:
    if kind == "grpc-js" and served.endswith("TLS"):
        pytest.skip("@grpc/grpc-js-xds 1.14 reaches its server in plain text alone")
    async with AsyncExitStack() as stack:
        it = Bed(directory, served)
        await it.start()
        stack.push_async_callback(lambda: it.server.stop(0.5))
        it.red = await stack.enter_async_context(backend("red"))
        it.blue = await stack.enter_async_context(backend("blue"))
        program = client(kind, directory, it.port, it.trust, **environment)
        it.client = await stack.enter_async_context(program)
        yield it


@everywhere
async def test_it_resolves_and_follows_its_route(kind: str, served: str, tmp_path: Path) -> None:
    async with bed(kind, tmp_path, served) as it:
        snapshot = it.publish(shop("red", it.red))
        assert await it.client.call() == "red"
        await it.synced(snapshot)
        snapshot = it.publish(shop("blue", it.blue))
        await it.moves("red", "blue")
        await it.synced(snapshot)


@everywhere
async def test_an_endpoint_is_replaced_under_calls(kind: str, served: str, tmp_path: Path) -> None:
    async with bed(kind, tmp_path, served) as it:
        it.publish(shop("shop", it.red))
        assert await it.client.call() == "red"
        for turn in range(10):
            old, new = ("red", "blue") if turn % 2 == 0 else ("blue", "red")
            snapshot = it.publish(shop("shop", it.blue if new == "blue" else it.red))
            await it.moves(old, new)
            await it.synced(snapshot)


async def test_missing_endpoints_are_said_to_be_missing(kind: str, tmp_path: Path) -> None:
    """A client waits 15 s for what nobody speaks of; the call has 10 s."""
    async with bed(kind, tmp_path) as it:
        await _missing(it, ENDPOINT)


@pytest.mark.parametrize("missing", [LISTENER, ROUTE, CLUSTER])
async def test_what_is_missing_is_said_to_be_missing(
    kind: str, missing: str, tmp_path: Path
) -> None:
    """By resource errors (gRFC A88), which grpcio reads when it is told to and grpc-js does not."""
    if kind == "grpc-js":
        pytest.skip("@grpc/grpc-js-xds 1.14 reads no resource errors: it waits its own 15 s")
    async with bed(kind, tmp_path, GRPC_EXPERIMENTAL_XDS_DATA_ERROR_HANDLING="true") as it:
        await _missing(it, missing)


async def _missing(it: Bed, missing: str) -> None:
    it.publish([r for r in shop("red", it.red) if r.type_url != missing])
    answer = await it.client.call("now")
    assert answer.startswith("failed: UNAVAILABLE"), answer
    snapshot = it.publish(shop("red", it.red))

    async def found() -> bool:
        return await it.client.call("now") == "red"

    await eventually(found, "calls go to red")
    await it.synced(snapshot)


@everywhere
async def test_a_restarted_server_is_found_again(kind: str, served: str, tmp_path: Path) -> None:
    async with bed(kind, tmp_path, served) as it:
        snapshot = it.publish(shop("red", it.red))
        assert await it.client.call() == "red"
        await it.synced(snapshot)
        await it.server.stop(0)
        assert [e for e in it.evidence if isinstance(e, Disconnected)] != []
        assert await it.client.call("now") == "red", "it serves from what it holds"
        await it.start()
        assert it.publish(shop("red", it.red)) == snapshot
        await eventually(lambda: set(snapshot.versions.items()) <= it.acked(), "known again")
        assert [e for e in it.evidence if isinstance(e, Offered)] == []
        it.publish(shop("blue", it.blue))
        await it.moves("red", "blue")

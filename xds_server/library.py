"""The xDS server as a library: a cache of snapshots, and a server that serves it; nothing else.

Resources are typed messages of envoy-data-plane, or bytes. What clients say comes back as
evidence (``xds_server.snapshots.evidence``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from betterproto2 import Message

from translators.envoy.encode import encode, type_url
from xds_server.checking import HealthChecks
from xds_server.protocols.reports.marking import marked
from xds_server.snapshots.evidence import Connected, Disconnected, Evidence
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings, Tls
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_hds import HealthDiscovery

__all__ = ["HealthChecks", "Resource", "SnapshotCache", "Tls", "XdsServer", "serve"]

NodeHash = Callable[[str], str]  # a client's node id to the name of its snapshot
Listener = Callable[[str], None]  # told the name of a snapshot that was set or cleared


class SnapshotCache:
    """Snapshots by name: a client gets the one that ``node_hash`` names for its node id.

    Without ``node_hash`` every node id has a snapshot of its own; ``lambda node: "all"`` shares
    one. Use a cache on the event loop that serves it.
    """

    def __init__(self, node_hash: NodeHash = lambda node: node) -> None:
        self.node_hash = node_hash
        self._snapshots: dict[str, Snapshot] = {}
        self._told: dict[str, tuple[str, Snapshot]] = {}  # the last version given by the caller
        self._listeners: list[Listener] = []

    def set_snapshot(
        self, name: str, resources: Iterable[Message | Resource], version: str | None = None
    ) -> Snapshot:
        """Replace everything that the clients of a snapshot should have, and tell them at once.

        Versions are hashes of the content unless ``version`` is given, which then is the
        state-of-the-world version of every type in the snapshot (delta clients compare the
        resources themselves). Raises ValueError if another content had this version before, for
        clients would keep that, and for a message that is no named resource.
        """
        found = snapshot_of(_resource(one) for one in resources)
        if version is not None:
            found = self._versioned(name, found, version)
        self._snapshots[name] = found
        self._tell(name)
        return found

    def get(self, name: str) -> Snapshot | None:
        """Return a snapshot, or None if there is none of this name."""
        return self._snapshots.get(name)

    def clear(self, name: str) -> None:
        """Forget a snapshot: its clients keep what they have, and are told nothing more."""
        if self._snapshots.pop(name, None) is not None:
            self._tell(name)

    def watch(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after every change, until the function returned here is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, name: str) -> None:
        for listener in list(self._listeners):
            listener(name)

    def _versioned(self, name: str, found: Snapshot, version: str) -> Snapshot:
        last, content = self._told.get(name, ("", found))
        if last == version and content.digests != found.digests:
            raise ValueError(f"version {version!r} of {name!r} had another content, give a new one")
        self._told[name] = (version, found)
        return Snapshot(found.resources, dict.fromkeys(found.resources, version))


@dataclass(frozen=True, slots=True)
class XdsServer:
    """A running server: ``port`` is its TCP port (0 on a Unix socket)."""

    port: int
    connected: Callable[[], tuple[str, ...]]  # the node ids that have a stream, sorted


@asynccontextmanager
async def serve(
    cache: SnapshotCache,
    address: str,
    *,
    tls: Tls | None = None,
    on_evidence: Callable[[Evidence], None] | None = None,
    health: HealthChecks | None = None,
) -> AsyncIterator[XdsServer]:
    """Serve a cache at ``host:port`` (port 0 takes a free one) or ``unix:/path`` until the end.

    With ``health`` clients check endpoints, and all are told of those that are unhealthy.
    Raises ListenError if the address cannot be listened on, and ValueError if it is none.
    """
    checks = health or HealthChecks()
    bridge = _Bridge(cache, on_evidence, checks)
    callers = Callers(verified=tls is not None and tls.client_ca is not None)
    services = [HealthDiscovery(checks.table, time.monotonic, callers)] if health else []
    server = AdsServer(_settings(address, tls), bridge.hear, services=services)
    bridge.server = server
    port = await server.start()
    unwatch = cache.watch(bridge.changed)
    checks.table.changed = bridge.all_changed
    try:
        yield XdsServer(port, lambda: tuple(device.name for device in server.connected()))
    finally:
        unwatch()
        await server.stop(grace=1.0)


class _Bridge:
    """Publishes to each connected node the snapshot that its hash names."""

    server: AdsServer

    def __init__(
        self,
        cache: SnapshotCache,
        on_evidence: Callable[[Evidence], None] | None,
        checks: HealthChecks,
    ) -> None:
        self._cache = cache
        self._on_evidence = on_evidence
        self._checks = checks
        self._nodes: dict[str, str] = {}  # connected node ids to the names of their snapshots

    def hear(self, evidence: Evidence) -> None:
        node = evidence.device.name
        if isinstance(evidence, Connected) and node not in self._nodes:
            self._nodes[node] = self._cache.node_hash(node)
            # Not from within the stream's own request: its answer is being put together.
            asyncio.get_running_loop().call_soon(self._publish, node)
        elif isinstance(evidence, Disconnected):
            self._nodes.pop(node, None)
            self.server.withdraw(node)
        if self._on_evidence is not None:
            self._on_evidence(evidence)

    def changed(self, name: str) -> None:
        for node in sorted(node for node, held in self._nodes.items() if held == name):
            self._publish(node)

    def all_changed(self) -> None:
        for node in sorted(self._nodes):
            self._publish(node)

    def _publish(self, node: str) -> None:
        if node not in self._nodes:
            return  # it left before its turn came
        found = self._cache.get(self._nodes[node])
        if found is None:
            self.server.withdraw(node)
        else:
            self.server.publish(node, marked(found, self._checks.table.unhealthy))


def _resource(given: Message | Resource) -> Resource:
    if isinstance(given, Resource):
        return given
    name = getattr(given, "name", None) or getattr(given, "cluster_name", None)
    if not isinstance(name, str):
        kind = type(given).__name__
        raise ValueError(f"a {kind} without a name is no resource, set its name")
    return Resource(type_url(type(given)), name, encode(given))


def _settings(address: str, tls: Tls | None) -> AdsSettings:
    if address.startswith("unix:"):
        return AdsSettings(port=None, unix_socket=address.removeprefix("unix:"), tls=tls)
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{address!r} is no address, write 127.0.0.1:18000 or unix:/run/xds.sock")
    return AdsSettings(host.removeprefix("[").removesuffix("]"), int(port), tls=tls)

"""The xDS server as a library: a cache of snapshots, and a server that serves it; nothing else.

Resources are typed messages of envoy-data-plane, or bytes. What clients say comes back as
evidence (``xds_server.snapshots.evidence``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from xds_server.checking import HealthChecks
from xds_server.protocols.reports.entries import Entry
from xds_server.protocols.reports.loads import Load, LoadKey, LoadTable
from xds_server.protocols.reports.marking import marked
from xds_server.protocols.reports.ring import Ring
from xds_server.protocols.xds.ads import Limits
from xds_server.protocols.xds.bucket import Rate
from xds_server.snapshot_cache import SnapshotCache
from xds_server.snapshots.evidence import Connected, Disconnected, Evidence
from xds_server.snapshots.model import Resource
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings, Tls
from xds_server.southbound.grpc_als import AccessLogs
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_hds import HealthDiscovery
from xds_server.southbound.grpc_lrs import INTERVAL_SECONDS, LoadReports
from xds_server.southbound.grpc_terms import Terms

__all__ = [
    "Entry",
    "HealthChecks",
    "Limits",
    "Load",
    "LoadKey",
    "Rate",
    "Resource",
    "ServerLimits",
    "SnapshotCache",
    "Terms",
    "Tls",
    "XdsServer",
    "serve",
]


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What clients may cost; sizes in bytes, times in seconds. Over a limit a stream ends.

    ``max_streams``: of all nodes together; ``max_message``: the largest that is read;
    ``keepalive``: the silence after which a client is pinged; ``stream``: what one stream may
    cost; ``terms``: how fast clients may ask, and how long a stream may last. Raises ValueError
    for what cannot be.
    """

    max_streams: int = 10_000
    max_message: int = 16 * 1024 * 1024
    keepalive: float = 30.0
    stream: Limits = field(default_factory=Limits)
    terms: Terms = field(default_factory=Terms)

    def __post_init__(self) -> None:
        rates = (self.terms.requests, self.terms.first)
        if min(self.max_streams, self.keepalive, self.stream.streams) < 1:
            raise ValueError("max_streams, stream.streams and keepalive are 1 or more")
        if self.max_message < max(4096, self.stream.node):
            raise ValueError("max_message is at least 4096 bytes, and as much as a node may have")
        if any(rate.per_second <= 0 or rate.burst < 1 for rate in rates):
            raise ValueError("a Rate is more than 0 a second, and its burst is 1 or more")


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
    limits: ServerLimits | None = None,
    on_access_log: Callable[[Entry], None] | None = None,
    on_load: Callable[[LoadKey, Load], None] | None = None,
    load_interval: float = INTERVAL_SECONDS,
) -> AsyncIterator[XdsServer]:
    """Serve a cache at ``host:port`` (port 0 takes a free one) or ``unix:/path`` until the end.

    With ``health`` clients check endpoints, and all are told of those that are unhealthy;
    ``on_access_log`` hears of every request and connection that a client logs, ``on_load`` every
    ``load_interval`` seconds of what a client sent to each cluster and locality. What these two
    raise goes to the event loop's exception handler, and harms no stream.
    Raises ListenError if the address cannot be listened on, and ValueError if it is none.
    """
    checks = health or HealthChecks()
    bridge = _Bridge(cache, on_evidence, checks)
    callers = Callers(verified=tls is not None and tls.client_ca is not None)
    services: list[Any] = []
    if health is not None:
        services.append(HealthDiscovery(checks.table, time.monotonic, callers))
    if on_access_log is not None:
        services.append(AccessLogs(Ring(most=0), callers, _guarded(on_access_log)))
    if on_load is not None:
        hear = _guarded(on_load)
        services.append(LoadReports(LoadTable(), time.time, callers, load_interval, hear))
    settings = _settings(address, tls, limits or ServerLimits())
    server = AdsServer(settings, bridge.hear, services=services)
    bridge.server = server
    port = await server.start()
    unwatch = cache.watch(bridge.changed, bridge.publish)
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
            asyncio.get_running_loop().call_soon(self.publish, node)
        elif isinstance(evidence, Disconnected):
            self._nodes.pop(node, None)
            self.server.withdraw(node)
        if self._on_evidence is not None:
            self._on_evidence(evidence)

    def changed(self, name: str) -> None:
        for node in sorted(node for node, held in self._nodes.items() if held == name):
            self.publish(node)

    def all_changed(self) -> None:
        for node in sorted(self._nodes):
            self.publish(node)

    def publish(self, node: str) -> None:
        if node not in self._nodes:
            return  # it left before its turn came
        held = self._cache.get(self._nodes[node])
        seen = None if held is None else marked(held, self._checks.table.unhealthy)
        found = self._cache.with_secrets(node, seen)
        if found is None:
            self.server.withdraw(node)
        else:
            self.server.publish(node, found)


def _guarded(listener: Callable[..., None]) -> Callable[..., None]:
    """Return a listener whose errors are the event loop's to tell, not the stream's to end by."""

    def hear(*told: object) -> None:
        try:
            listener(*told)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the caller's
            text = "a listener of the xDS server failed"
            asyncio.get_running_loop().call_exception_handler({"message": text, "exception": error})

    return hear


def _settings(address: str, tls: Tls | None, limits: ServerLimits) -> AdsSettings:
    host, port, socket = _address(address)
    return AdsSettings(
        host,
        port,
        socket,
        tls=tls,
        max_message=limits.max_message,
        max_streams=limits.max_streams,
        keepalive=limits.keepalive,
        limits=limits.stream,
        terms=limits.terms,
    )


def _address(address: str) -> tuple[str, int | None, str]:
    if address.startswith("unix:"):
        return "", None, address.removeprefix("unix:")
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{address!r} is no address, write 127.0.0.1:18000 or unix:/run/xds.sock")
    return host.removeprefix("[").removesuffix("]"), int(port), ""

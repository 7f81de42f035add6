"""The xDS server over gRPC: aggregated and per-type discovery, on raw bytes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import grpc

from xds_server.protocols.xds.ads import Dialect, Limits, XdsStream
from xds_server.protocols.xds.effects import Close
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.resource_types import AGGREGATED, SERVICES
from xds_server.snapshots.evidence import Device, Evidence
from xds_server.snapshots.model import Snapshot
from xds_server.southbound.grpc_health import Health
from xds_server.southbound.grpc_identity import nodes_of
from xds_server.southbound.grpc_session import Session
from xds_server.southbound.grpc_terms import Gate, Terms
from xds_server.southbound.grpc_turns import Turns
from xds_server.southbound.grpc_waves import Waves

_OTHER_CALLS = 100  # of a connection: other services, and streams that are yet to be refused


_WINDOW = 1024 * 1024  # bytes that a client may send ahead on a stream
_DRAINING = Close("UNAVAILABLE", "the server is draining: connect again")


class ListenError(OSError):
    """The server cannot listen where it was told to."""


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files' contents; with ``client_ca`` clients must show a certificate of that CA."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None = None


@dataclass(frozen=True, slots=True)
class AdsSettings:
    """Where and how to listen. Sizes in bytes, times in seconds; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int | None = 18000  # None: no TCP at all
    unix_socket: str = ""
    tls: Tls | None = None
    max_message: int = 16 * 1024 * 1024
    max_streams: int = 10_000
    keepalive: float = 30.0
    shared: bool = False  # other processes of this user may listen here too
    limits: Limits = field(default_factory=Limits)
    terms: Terms = field(default_factory=Terms)


class AdsServer:
    """Serves snapshots to xDS clients and reports what they say as evidence.

    Call everything on the event loop that ``start`` ran on. ``services``: the other gRPC services
    of the same port; each answers None for a method that is not its own. ``counted`` is told how
    many streams a node has whenever that changes.
    """

    def __init__(
        self,
        settings: AdsSettings,
        on_evidence: Callable[[Evidence], None],
        clock: Callable[[], float] = time.time,
        services: Sequence[grpc.GenericRpcHandler] = (),
        counted: Callable[[str, int], None] | None = None,
    ) -> None:
        self._settings = settings
        self._services = services
        self._evidence = on_evidence
        self._clock = clock
        self._fleet = Fleet(counted)
        self._sessions: dict[XdsStream, Session] = {}
        self._open = 0
        self._most = settings.max_streams
        self._server: Any = None

    async def start(self) -> int:
        """Listen, and return the TCP port (0 without TCP). Raises ListenError."""
        self._draining = False
        self._turns = Turns(self._tell)
        self._waves = Waves()
        self._gate = Gate(self._settings.terms, self._clock())
        self._health = Health()
        self._server = grpc.aio.server(options=_options(self._settings))
        self._server.add_generic_rpc_handlers(
            (_Methods(self._serve), self._health, *self._services)
        )
        port = self._listen_tcp()
        self._listen_unix()
        await self._server.start()
        return port

    async def stop(self, grace: float = 5.0) -> None:
        """Say NOT_SERVING, end every stream with UNAVAILABLE, and close within ``grace`` s."""
        if self._server is None:
            return
        self._health.drain()
        self._draining = True
        self._turns.stop()
        for session in self._sessions.values():
            session.end(_DRAINING)
        await self._server.stop(grace)
        self._server = None

    def publish(self, node: str, snapshot: Snapshot) -> None:
        """Set what a node should run; its streams are told what they lack when it is their turn."""
        if self._fleet.set(node, snapshot):
            self._turns.add(node)

    def _tell(self, node: str) -> None:
        for stream, effects in self._fleet.tell(node, self._clock()):
            self._sessions[stream].perform(effects)

    def withdraw(self, node: str) -> None:
        """Forget what a node should run; it keeps what it has."""
        if self._server is not None:
            self._turns.drop(node)
        self._fleet.withdraw(node)

    def allow(self, node: str, most: int) -> None:
        """Hold at most so many streams of a node, where the limit is shared with other servers.

        "" stands for all nodes. The youngest streams are ended if there are more.
        """
        if not node:
            self._most = most
            for session in list(self._sessions.values())[most:]:
                session.end(_refused(self._settings.max_streams))
            return
        limit = self._settings.limits.streams
        text = f"{node!r} has {limit} streams, some at other servers: node ids must be unique"
        for stream in self._fleet.allow(node, None if most >= limit else most):
            self._sessions[stream].end(Close("RESOURCE_EXHAUSTED", text))

    def connected(self) -> tuple[Device, ...]:
        """Return the proxies that have a stream."""
        return self._fleet.connected()

    def streams(self) -> tuple[XdsStream, ...]:
        """Return the streams of the connected proxies, by node."""
        return self._fleet.streams()

    @property
    def open_streams(self) -> int:
        """How many streams the connected proxies have."""
        return len(self._fleet.streams())

    def _listen_tcp(self) -> int:
        if self._settings.port is None:
            return 0
        host = self._settings.host
        address = (
            f"[{host}]:{self._settings.port}" if ":" in host else f"{host}:{self._settings.port}"
        )
        return self._bind(address)

    def _listen_unix(self) -> None:
        path = self._settings.unix_socket
        if not path:
            return
        try:
            # Unix peers are identified by the file's mode: only its owner may connect.
            mask = os.umask(0o177)
            try:
                self._server.add_insecure_port(f"unix:{path}")
            finally:
                os.umask(mask)
            os.chmod(path, 0o600)
        except (RuntimeError, OSError) as error:
            raise ListenError(f"cannot listen on the socket {path}: {error}") from error

    def _bind(self, address: str) -> int:
        try:
            if self._settings.tls is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, _credentials(self._settings.tls))
        except RuntimeError as error:
            raise ListenError(cannot_listen(address)) from error
        if port == 0:
            raise ListenError(cannot_listen(address))
        return int(port)

    async def _serve(self, dialect: Dialect, only: str, _requests: Any, context: Any) -> None:
        if self._open >= self._most:
            full = _refused(self._settings.max_streams)
            await context.abort(grpc.StatusCode[full.status], full.message)
        peer = self._peer(context)  # before a single byte of the client is parsed
        stream = XdsStream(dialect, only, self._settings.limits)
        session = Session(
            stream, peer, self._fleet, self._evidence, self._clock, self._waves, self._gate
        )
        self._sessions[stream] = session
        self._open += 1
        try:
            end = _DRAINING if self._draining else await session.run(context)
        finally:
            self._open -= 1
            del self._sessions[stream]
        if end.status != "OK":
            await context.abort(grpc.StatusCode[end.status], end.message)

    def _peer(self, context: Any) -> Peer:
        address: str = context.peer()
        if address.startswith("unix:"):
            return Peer(address, private=True)  # its mode admits the server's own user alone
        tls = self._settings.tls
        if tls is None or tls.client_ca is None:
            return Peer(address)
        return Peer(address, nodes_of(context.auth_context()), private=True)


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Routes the Stream and Delta methods of every discovery service to one function."""

    def __init__(self, serve: Callable[[Dialect, str, Any, Any], Any]) -> None:
        self._handlers = {
            method: grpc.stream_stream_rpc_method_handler(partial(serve, *what))
            for method, what in _methods().items()
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a discovery method, or None where the method is another's."""
        return self._handlers.get(handler_call_details.method)


def _methods() -> dict[str, tuple[Dialect, str]]:
    methods = {
        f"/{AGGREGATED}/StreamAggregatedResources": (Dialect.SOTW, ""),
        f"/{AGGREGATED}/DeltaAggregatedResources": (Dialect.DELTA, ""),
    }
    for service, (type_url, suffix) in SERVICES.items():
        methods[f"/{service}/Stream{suffix}"] = (Dialect.SOTW, type_url)
        methods[f"/{service}/Delta{suffix}"] = (Dialect.DELTA, type_url)
    return methods


def _options(settings: AdsSettings) -> list[tuple[str, int]]:
    keepalive = int(settings.keepalive * 1000)
    calls = settings.max_streams + _OTHER_CALLS
    return [
        ("grpc.max_receive_message_length", settings.max_message),
        ("grpc.max_send_message_length", -1),  # what we send is bounded by the snapshot
        ("grpc.max_concurrent_streams", calls),
        # All clients reconnect at once after a restart; from 1,000 waiting gRPC refuses at random.
        ("grpc.server.max_pending_requests", calls),
        ("grpc.server.max_pending_requests_hard_limit", calls),
        ("grpc.keepalive_time_ms", keepalive),
        ("grpc.keepalive_timeout_ms", keepalive // 2),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 5000),
        # A ping with what is read, to size windows, costs a seventh of a push: a fixed window does.
        ("grpc.http2.bdp_probe", 0),
        ("grpc.http2.lookahead_bytes", _WINDOW),
        # Channelz tells of connections and calls all the same, and of their past nothing.
        ("grpc.max_channel_trace_event_memory_per_node", 0),
        # Two servers on one port would each see half of the clients.
        ("grpc.so_reuseport", int(settings.shared)),
    ]


def _credentials(tls: Tls) -> Any:
    return grpc.ssl_server_credentials(
        [(tls.key, tls.certificate)],
        root_certificates=tls.client_ca,
        require_client_auth=tls.client_ca is not None,
    )


def _refused(most: int) -> Close:
    return Close(
        "RESOURCE_EXHAUSTED", f"{most} streams are open, which is the most: raise max_streams"
    )


def cannot_listen(address: str) -> str:
    """Return the sentence for an address that cannot be listened on."""
    return (
        f"cannot listen on {address}: the port is in use, needs privileges, or the address is "
        "not this machine's; stop what uses it or choose another"
    )

"""Clusters: where allowed requests go, one for each service port, subset and address family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from envoy_data_plane.envoy.config.cluster.v3 import (
    CircuitBreakers,
    CircuitBreakersThresholds,
    Cluster,
    ClusterDiscoveryType,
    ClusterEdsClusterConfig,
    ClusterLbPolicy,
    UpstreamConnectionOptions,
)
from envoy_data_plane.envoy.config.core.v3 import (
    AggregatedConfigSource,
    ApiVersion,
    BindConfig,
    ConfigSource,
    Http1ProtocolOptions,
    Http2ProtocolOptions,
    HttpProtocolOptions,
    SocketOption,
    SocketOptionSocketState,
    TcpKeepalive,
)
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import (
    HttpProtocolOptions as UpstreamOptions,
)
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import (
    HttpProtocolOptionsExplicitHttpConfig as ExplicitHttp,
)
from envoy_data_plane.google.protobuf import Any

from translators.envoy.encode import pack
from translators.envoy.groups import Door
from translators.plan.model import AppProtocol

CONNECT_TIMEOUT = timedelta(seconds=2)
IDLE_TIMEOUT = timedelta(minutes=5)  # of upstream connections: shorter than a server's usual hour
BUFFER_LIMIT = 32 << 10  # bytes; Envoy's advice for proxies that face untrusted peers
LIMIT = 16384  # connections, pending and active requests; Envoy's default of 1024 starves bursts
_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
RETRYING = 1024  # at a time; an endpoint's restart resets all of its connections at once
STREAMS = 100  # concurrent HTTP/2 streams of a connection
STREAM_WINDOW, CONNECTION_WINDOW = 64 << 10, 1 << 20  # bytes
# When an upstream connection is given up: its endpoint may have gone without a word.
IDLE_PROBE, PROBE_INTERVAL, PROBES = 5, 2, 3  # seconds, seconds, unanswered ones
UNACKNOWLEDGED = 10_000  # milliseconds that what was sent may stay without an acknowledgement
_SOL_TCP, _TCP_USER_TIMEOUT = 6, 18  # Linux: tcp(7)

ADS = ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)


@dataclass(frozen=True, slots=True)
class Destination:
    """One cluster's meaning: the endpoints of a door's service, or of one of its subsets."""

    door: Door
    subset: str | None

    @property
    def name(self) -> str:
        """The cluster's name, e.g. ``shop/reviews:80/ipv4/v1``."""
        return self.door.name if self.subset is None else f"{self.door.name}/{self.subset}"


def cluster(destination: Destination) -> Cluster:
    """Return the cluster; its endpoints are discovered over the aggregated stream."""
    protocol = destination.door.port.protocol
    options = {_HTTP: _http(protocol)} if protocol.is_http else {}
    hashed = destination.door.service.affinity is not None
    return Cluster(
        name=destination.name,
        type=ClusterDiscoveryType.EDS,
        eds_cluster_config=ClusterEdsClusterConfig(eds_config=ADS),
        connect_timeout=CONNECT_TIMEOUT,
        per_connection_buffer_limit_bytes=BUFFER_LIMIT,
        lb_policy=ClusterLbPolicy.RING_HASH if hashed else ClusterLbPolicy.LEAST_REQUEST,
        circuit_breakers=CircuitBreakers(thresholds=[_limits()]),
        upstream_bind_config=_given_up(),
        upstream_connection_options=_probed(),
        typed_extension_protocol_options=options,
    )


@cache
def _limits() -> CircuitBreakersThresholds:
    return CircuitBreakersThresholds(
        max_connections=LIMIT, max_pending_requests=LIMIT, max_requests=LIMIT, max_retries=RETRYING
    )


@cache
def _probed() -> UpstreamConnectionOptions:
    """Return probes by which an idle connection's dead endpoint is found out."""
    seconds = TcpKeepalive(
        keepalive_probes=PROBES, keepalive_time=IDLE_PROBE, keepalive_interval=PROBE_INTERVAL
    )
    return UpstreamConnectionOptions(tcp_keepalive=seconds)


@cache
def _given_up() -> BindConfig:
    """Return the same for a connection with requests on it; without, Linux waits 15 minutes."""
    limit = SocketOption(
        description="TCP_USER_TIMEOUT",
        level=_SOL_TCP,
        name=_TCP_USER_TIMEOUT,
        int_value=UNACKNOWLEDGED,
        state=SocketOptionSocketState.STATE_PREBIND,
    )
    return BindConfig(socket_options=[limit])


@cache
def _http(protocol: AppProtocol) -> Any:
    if protocol is AppProtocol.HTTP:
        explicit = ExplicitHttp(http_protocol_options=Http1ProtocolOptions())
    else:
        explicit = ExplicitHttp(http2_protocol_options=http2_options())
    common = HttpProtocolOptions(idle_timeout=IDLE_TIMEOUT)
    return pack(UpstreamOptions(common_http_protocol_options=common, explicit_http_config=explicit))


@cache
def http2_options() -> Http2ProtocolOptions:
    """Return HTTP/2 limits for both sides: what a stream or a connection may hold in memory."""
    return Http2ProtocolOptions(
        max_concurrent_streams=STREAMS,
        initial_stream_window_size=STREAM_WINDOW,
        initial_connection_window_size=CONNECTION_WINDOW,
    )

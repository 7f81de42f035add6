"""Network filter: HTTP for one group of sources, with the safe settings that policies rely on."""

from __future__ import annotations

from datetime import timedelta

from envoy_data_plane.envoy.config.core.v3 import Http1ProtocolOptions, HttpProtocolOptions
from envoy_data_plane.envoy.config.listener.v3 import Filter
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpConnectionManagerInternalAddressConfig,
    HttpConnectionManagerPathWithEscapedSlashesAction,
    HttpConnectionManagerServerHeaderTransformation,
    Rds,
)

from translators.envoy.clusters import ADS, http2_options
from translators.envoy.encode import pack
from translators.envoy.filters import audit
from translators.envoy.filters.access_log import Logged, access_log
from translators.envoy.filters.rbac import rbac
from translators.envoy.filters.router import router

IDLE_TIMEOUT = timedelta(hours=1)  # of a connection without requests
HEADERS_TIMEOUT = timedelta(seconds=10)  # from the first byte of a request to its last header
STREAM_IDLE_TIMEOUT = timedelta(minutes=5)

_REJECT = HttpConnectionManagerPathWithEscapedSlashesAction.REJECT_REQUEST
_PASS = HttpConnectionManagerServerHeaderTransformation.PASS_THROUGH


def http_connection_manager(
    stat_prefix: str, routes: str, logged: Logged, audits: int = 0
) -> Filter:
    """Return the filter, whose routes are discovered under the name ``routes``.

    ``audits`` is the most that any of its routes has before it.
    The connection's peer is the client itself, so its address is appended to x-forwarded-for and
    no address counts as internal: clients cannot steer the proxy by x-envoy headers.
    """
    config = HttpConnectionManager(
        stat_prefix=stat_prefix,
        rds=Rds(config_source=ADS, route_config_name=routes),
        http_filters=[*audit.filters(audits), rbac(), router()],
        common_http_protocol_options=HttpProtocolOptions(idle_timeout=IDLE_TIMEOUT),
        http_protocol_options=Http1ProtocolOptions(allow_absolute_url=False),
        http2_protocol_options=http2_options(),
        server_header_transformation=_PASS,
        stream_idle_timeout=STREAM_IDLE_TIMEOUT,
        request_headers_timeout=HEADERS_TIMEOUT,
        access_log=access_log(logged),
        use_remote_address=True,
        internal_address_config=HttpConnectionManagerInternalAddressConfig(),
        preserve_external_request_id=True,
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action=_REJECT,
        strip_any_host_port=True,
        strip_trailing_host_dot=True,
    )
    name = "envoy.filters.network.http_connection_manager"
    return Filter(name=name, typed_config=pack(config))

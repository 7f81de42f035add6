"""A proxy's account of requests, by rule and its file and line: JSON lines, or the log service."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from functools import cache

from envoy_data_plane.envoy.config.accesslog.v3 import (
    AccessLog,
    AccessLogFilter,
    ComparisonFilter,
    ComparisonFilterOp,
    StatusCodeFilter,
)
from envoy_data_plane.envoy.config.core.v3 import (
    ApiVersion,
    GrpcService,
    GrpcServiceEnvoyGrpc,
    RuntimeUInt32,
    SubstitutionFormatString,
)
from envoy_data_plane.envoy.extensions.access_loggers.grpc.v3 import (
    CommonGrpcAccessLogConfig,
    HttpGrpcAccessLogConfig,
    TcpGrpcAccessLogConfig,
)
from envoy_data_plane.envoy.extensions.access_loggers.stream.v3 import StdoutAccessLog
from envoy_data_plane.envoy.type.metadata.v3 import (
    MetadataKey,
    MetadataKeyPathSegment,
    MetadataKind,
    MetadataKindRoute,
)
from envoy_data_plane.envoy.type.tracing.v3 import CustomTag, CustomTagMetadata

from translators.envoy.encode import pack
from translators.envoy.provenance import NAMESPACE, text_struct

FORMAT = {
    "time": "%START_TIME%",
    "source": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
    "destination": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "method": "%REQ(:METHOD)%",
    "authority": "%REQ(:AUTHORITY)%",
    "path": "%PATH(NQ)%",  # no query: it may hold secrets
    "status": "%RESPONSE_CODE%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "request": "%REQ(X-REQUEST-ID)%",
    "upstream": "%UPSTREAM_HOST%",
    "rule": f"%METADATA(ROUTE:{NAMESPACE}:rule)%",
    "origin": f"%METADATA(ROUTE:{NAMESPACE}:origin)%",
}

CONTROLLER = "fsdn-controller"  # the cluster that every bootstrap in envoy_configs/ defines


class Logged(StrEnum):
    """Which requests are logged to the standard output, and whether to the controller too."""

    NOTHING = "nothing"
    DENIED = "denied"  # status 403: ours, and those of servers, which the details tell apart
    EVERYTHING = "everything"
    REPORTED = "reported"  # denials, and everything to the controller's access log service


def access_log(logged: Logged) -> list[AccessLog]:
    """Return the access logs of a connection manager."""
    if logged is Logged.REPORTED:
        return [_log(Logged.DENIED), _reported(HTTP_LOG, HttpGrpcAccessLogConfig)]
    return [] if logged is Logged.NOTHING else [_log(logged)]


def connection_log(logged: Logged) -> list[AccessLog]:
    """Return the access logs of a TCP proxy: connections are only ever reported."""
    if logged is not Logged.REPORTED:
        return []
    return [_reported(TCP_LOG, TcpGrpcAccessLogConfig)]


HTTP_LOG, TCP_LOG = "envoy.access_loggers.http_grpc", "envoy.access_loggers.tcp_grpc"


@cache
def _reported(
    name: str, kind: type[HttpGrpcAccessLogConfig] | type[TcpGrpcAccessLogConfig]
) -> AccessLog:
    """Return a log over the stream's own connection; entries wait for a second at most."""
    common = CommonGrpcAccessLogConfig(
        log_name="fsdn",
        grpc_service=GrpcService(envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name=CONTROLLER)),
        transport_api_version=ApiVersion.V3,
        buffer_flush_interval=timedelta(seconds=1),
        custom_tags=[_tag("rule"), _tag("origin")] if name == HTTP_LOG else [],
    )
    return AccessLog(name=name, typed_config=pack(kind(common_config=common)))


def _tag(key: str) -> CustomTag:
    """Return a tag with what the route's metadata says: an entry does not hold it by itself."""
    path = MetadataKey(key=NAMESPACE, path=[MetadataKeyPathSegment(key=key)])
    kind = MetadataKind(route=MetadataKindRoute())
    metadata = CustomTagMetadata(kind=kind, metadata_key=path)
    return CustomTag(tag=f"{NAMESPACE}.{key}", metadata=metadata)


@cache
def _log(logged: Logged) -> AccessLog:
    chosen = _forbidden() if logged is Logged.DENIED else None
    form = SubstitutionFormatString(json_format=text_struct(FORMAT))
    config = pack(StdoutAccessLog(log_format=form))
    return AccessLog(name="envoy.access_loggers.stdout", filter=chosen, typed_config=config)


def _forbidden() -> AccessLogFilter:
    status = RuntimeUInt32(default_value=403, runtime_key="fsdn.access_log.status")
    comparison = ComparisonFilter(op=ComparisonFilterOp.EQ, value=status)
    return AccessLogFilter(status_code_filter=StatusCodeFilter(comparison=comparison))

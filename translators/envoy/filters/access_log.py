"""The proxy's own account of requests: JSON lines that name the rule and its file and line."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from envoy_data_plane.envoy.config.accesslog.v3 import (
    AccessLog,
    AccessLogFilter,
    ComparisonFilter,
    ComparisonFilterOp,
    StatusCodeFilter,
)
from envoy_data_plane.envoy.config.core.v3 import RuntimeUInt32, SubstitutionFormatString
from envoy_data_plane.envoy.extensions.access_loggers.stream.v3 import StdoutAccessLog

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


class Logged(StrEnum):
    """Which requests are logged to the standard output."""

    NOTHING = "nothing"
    DENIED = "denied"  # status 403: ours, and those of servers, which the details tell apart
    EVERYTHING = "everything"


def access_log(logged: Logged) -> list[AccessLog]:
    """Return the access logs of a connection manager."""
    return [] if logged is Logged.NOTHING else [_log(logged)]


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

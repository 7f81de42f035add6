"""The load reporting service over gRPC: every proxy reports what it sent to each cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc

from xds_server.protocols.reports.loads import (
    Load,
    LoadKey,
    LoadReport,
    LoadTable,
    encode_wish,
    scan_report,
)
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.southbound.grpc_callers import Callers, refuse

SERVICE = "envoy.service.load_stats.v3.LoadReportingService"
INTERVAL_SECONDS = 10.0


class LoadReports(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Keeps the last load of each cluster, and drops what a proxy said when it leaves."""

    def __init__(
        self,
        table: LoadTable,
        clock: Callable[[], float],
        callers: Callers,
        interval: float = INTERVAL_SECONDS,
        hear: Callable[[LoadKey, Load], None] | None = None,
    ) -> None:
        self._hear = hear
        self._table = table
        self._clock = clock
        self._callers = callers
        self._interval = interval

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method of this service, or None."""
        if handler_call_details.method == f"/{SERVICE}/StreamLoadStats":
            return grpc.stream_stream_rpc_method_handler(self._stream)
        return None

    async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        node = ""
        try:
            async for data in requests:
                report = scan_report(data, self._clock())
                if not node:
                    await self._callers.check_speaker(context, report.node)
                    node = report.node
                    yield encode_wish(self._interval)
                self._table.take(node, report)
                self._tell(node, report)
        except MalformedError as error:
            await refuse(context, error)
        finally:
            self._table.forget(node)

    def _tell(self, node: str, report: LoadReport) -> None:
        if self._hear is None:
            return
        for cluster, locality, load in report.rows:
            self._hear(LoadKey(node, cluster, locality), load)

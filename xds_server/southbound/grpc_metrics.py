"""The metrics service over gRPC: proxies may stream their own metrics, which are counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc

from xds_server.protocols.reports.fields import Fields
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.southbound.grpc_callers import Callers, refuse

SERVICE = "envoy.service.metrics.v3.MetricsService"


class ProxyMetrics(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Accepts StreamMetrics and counts metric families a node; a scraper keeps values better."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self.families: dict[str, int] = {}  # by node, since this program started

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method of this service, or None."""
        if handler_call_details.method == f"/{SERVICE}/StreamMetrics":
            return grpc.stream_unary_rpc_method_handler(self._stream)
        return None

    async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        node = ""
        try:
            async for data in requests:
                found = Fields(data)
                if not node:
                    name = found.message(1).message(1).text(1)
                    await self._callers.check_speaker(context, name)
                    node = name
                self.take(node, len(found.messages(2)))
        except MalformedError as error:
            await refuse(context, error)
        return b""  # StreamMetricsResponse has no fields

    def take(self, node: str, families: int) -> None:
        """Count metric families of a node."""
        self.families[node] = self.families.get(node, 0) + families

"""Client status discovery over gRPC: what every connected proxy has, for whom it concerns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import grpc

from xds_server.protocols.reports.clients import encode_status, scan_asked
from xds_server.protocols.xds.ads import XdsStream
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.southbound.grpc_callers import Callers, refuse

SERVICE = "envoy.service.status.v3.ClientStatusDiscoveryService"


class ClientStatus(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers from the streams of the moment; a certificate sees its own nodes alone."""

    def __init__(self, streams: Callable[[], Iterable[XdsStream]], callers: Callers) -> None:
        self._streams = streams
        self._callers = callers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method of this service, or None."""
        method: str = handler_call_details.method
        if method == f"/{SERVICE}/FetchClientStatus":
            return grpc.unary_unary_rpc_method_handler(self._fetch)
        if method == f"/{SERVICE}/StreamClientStatus":
            return grpc.stream_stream_rpc_method_handler(self._stream)
        return None

    async def _fetch(self, request: bytes, context: Any) -> bytes:
        seen = [
            stream
            for stream in self._streams()
            if stream.node is not None and self._callers.may_see(context, stream.node.id)
        ]
        try:
            return encode_status(seen, scan_asked(request))  # matchers are read as they are used
        except MalformedError as error:
            await refuse(context, error)
            raise

    async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield await self._fetch(request, context)

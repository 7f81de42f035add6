"""Client status discovery over gRPC: what every connected proxy has, for whom it concerns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

import grpc

from xds_server.protocols.reports.clients import encode_status, merged_status, scan_asked
from xds_server.protocols.xds.ads import XdsStream
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.southbound.grpc_callers import Callers, refuse

SERVICE = "envoy.service.status.v3.ClientStatusDiscoveryService"


Nodes = frozenset[str] | None  # whose status may be told; None: everyone's
Elsewhere = Callable[[bytes, Nodes], Awaitable[Sequence[bytes]]]


class ClientStatus(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers from the streams of the moment; a certificate sees its own nodes alone.

    ``elsewhere`` asks other servers of the same port the same, and raises TimeoutError if one of
    them does not answer.
    """

    def __init__(
        self,
        streams: Callable[[], Iterable[XdsStream]],
        callers: Callers,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._streams = streams
        self._callers = callers
        self._elsewhere = elsewhere

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method of this service, or None."""
        method: str = handler_call_details.method
        if method == f"/{SERVICE}/FetchClientStatus":
            return grpc.unary_unary_rpc_method_handler(self._fetch)
        if method == f"/{SERVICE}/StreamClientStatus":
            return grpc.stream_stream_rpc_method_handler(self._stream)
        return None

    def here(self, request: bytes, nodes: Nodes) -> bytes:
        """Return the ClientStatusResponse about the clients of this server alone.

        Raises MalformedError for a request that is none, or that we do not evaluate.
        """
        seen = [
            stream
            for stream in self._streams()
            if stream.node is not None and (nodes is None or stream.node.id in nodes)
        ]
        return encode_status(seen, scan_asked(request))  # matchers are read as they are used

    async def _fetch(self, request: bytes, context: Any) -> bytes:
        nodes = self._callers.sees(context)
        try:
            own = self.here(request, nodes)
        except MalformedError as error:
            await refuse(context, error)
            raise
        if self._elsewhere is None:
            return own
        try:
            return merged_status([own, *await self._elsewhere(request, nodes)])
        except TimeoutError as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
            raise

    async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield await self._fetch(request, context)

"""gRPC channelz (grpc.channelz.v1): the sockets and calls of this process, for operators."""

from __future__ import annotations

from typing import Any

import grpc
from grpc_channelz.v1 import channelz_pb2_grpc
from grpc_channelz.v1.channelz import aio

from xds_server.southbound.grpc_callers import Callers

SERVICE = "grpc.channelz.v1.Channelz"


class _Caught:
    """Stands where grpc's own registration expects a server, and keeps the handlers."""

    def __init__(self) -> None:
        self.methods: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Take no generic handler: the methods come by name too."""

    def add_registered_method_handlers(self, service: str, methods: dict[str, Any]) -> None:
        """Keep the methods by their full name."""
        self.methods.update({f"/{service}/{name}": method for name, method in methods.items()})


class Channelz(grpc.GenericRpcHandler):  # type: ignore[misc]
    """gRPC's own channelz service behind our rule for callers."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        caught = _Caught()
        channelz_pb2_grpc.add_ChannelzServicer_to_server(aio.ChannelzServicer(), caught)
        self._methods = caught.methods

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method of this service, or None."""
        found = self._methods.get(handler_call_details.method)
        if found is None:
            return None

        async def handle(request: Any, context: Any) -> Any:
            await self._callers.check_operator(context)
            return await found.unary_unary(request, context)

        return grpc.unary_unary_rpc_method_handler(
            handle, found.request_deserializer, found.response_serializer
        )

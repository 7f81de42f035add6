"""The health discovery service over gRPC: proxies are told what to check, and say what is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import grpc

from xds_server.protocols.reports.health import Said, scan_said
from xds_server.protocols.reports.health_table import HealthTable
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.southbound.grpc_callers import Callers, refuse

SERVICE = "envoy.service.health.v3.HealthDiscoveryService"
_LAST_WORD_SECONDS = 1.0  # for a write to be taken before its call is ended
HOLD_SECONDS = 60.0  # for which the findings of a proxy that has left still count


class HealthDiscovery(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Keeps what proxies find in a table, whose assignments it hands out."""

    def __init__(
        self,
        table: HealthTable,
        clock: Callable[[], float],
        callers: Callers,
        hold: float = HOLD_SECONDS,
    ) -> None:
        self._table = table
        self._clock = clock
        self._callers = callers
        self._hold = hold

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method of this service, or None."""
        method = handler_call_details.method
        if method == f"/{SERVICE}/StreamHealthCheck":
            return grpc.stream_stream_rpc_method_handler(self._stream)
        if method == f"/{SERVICE}/FetchHealthCheck":
            return grpc.unary_unary_rpc_method_handler(self._fetch)
        return None

    async def _fetch(self, request: bytes, context: Any) -> bytes:
        """Answer with what the caller is to check; it reports over a stream, which knows it."""
        node = await self._introduced(request, context)
        return self._table.assigned(node).specifier

    async def _introduced(self, data: bytes, context: Any) -> str:
        """Return the node of a first message, which may speak for it; else end the call."""
        node = ""
        try:
            node = scan_said(data).node
        except MalformedError as error:
            await refuse(context, error)
        await self._callers.check_speaker(context, node)
        return node

    async def _stream(self, _requests: Any, context: Any) -> None:
        data = await context.read()
        if data is grpc.aio.EOF:
            return
        checker = _Checker(await self._introduced(data, context), self._table, self._clock)
        try:
            await checker.serve(context)
        except MalformedError as error:
            await refuse(context, error)
        finally:
            loop, left = asyncio.get_running_loop(), self._clock()
            loop.call_later(self._hold, self._forget, checker.node, left)

    def _forget(self, node: str, left: float) -> None:
        self._table.forget(node, left, self._clock())


class _Checker:
    """One stream of a proxy that checks."""

    def __init__(self, node: str, table: HealthTable, clock: Callable[[], float]) -> None:
        self.node = node
        self._table = table
        self._clock = clock
        self._news = asyncio.Event()
        self._closing = False
        self._told: bytes | None = None
        self._settles_at = 0.0

    async def serve(self, context: Any) -> None:
        """Tell and hear until the stream ends; raises MalformedError for what cannot be read."""
        unwatch = self._table.watch(self._news.set)
        telling = asyncio.create_task(self._tell(context))
        try:
            while (data := await context.read()) is not grpc.aio.EOF:
                self._hear(scan_said(data))
        finally:
            unwatch()
            self._closing = True
            self._news.set()
            # A call does not end while something is being written to it, nor if that is cut off.
            await asyncio.wait([telling], timeout=_LAST_WORD_SECONDS)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _tell(self, context: Any) -> None:
        """Say what to check, at once and whenever it changes."""
        while not self._closing:
            self._news.clear()
            wanted = self._table.assigned(self.node)
            if wanted.specifier != self._told:
                self._told = wanted.specifier
                self._settles_at = self._clock() + wanted.settle
                await context.write(wanted.specifier)
            await self._news.wait()

    def _hear(self, said: Said) -> None:
        """Take a report; a second introduction changes nothing."""
        if said.found is not None and self._told:
            now = self._clock()
            settled = now >= self._settles_at
            self._table.take(self.node, said.found, now, settled=settled)

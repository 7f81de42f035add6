"""The access log service over gRPC: proxies stream what they saw, readers wait for news."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import grpc

from xds_server.protocols.reports.entries import Entry, scan_batch
from xds_server.protocols.reports.ring import Numbered, Ring
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.southbound.grpc_callers import Callers, refuse

SERVICE = "envoy.service.accesslog.v3.AccessLogService"
PATIENCE_SECONDS = 10.0  # after which a silent follower is told that we are still here


class AccessLogs(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Takes the entries of HTTP requests and of TCP connections into a ring."""

    def __init__(
        self, ring: Ring, callers: Callers, hear: Callable[[Entry], None] | None = None
    ) -> None:
        self._ring = ring
        self._callers = callers
        self._hear = hear
        self._news = asyncio.Event()
        self._closing = False

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method of this service, or None."""
        if handler_call_details.method == f"/{SERVICE}/StreamAccessLogs":
            return grpc.stream_unary_rpc_method_handler(self._stream)
        return None

    async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        node = ""
        try:
            async for data in requests:
                batch = scan_batch(data)
                if not node:
                    await self._callers.check_speaker(context, batch.node)
                    node = batch.node
                self.take(list(batch.entries(node)))
        except MalformedError as error:
            await refuse(context, error)
        return b""  # StreamAccessLogsResponse has no fields

    def take(self, entries: Sequence[Entry]) -> None:
        """Keep entries, and tell those who follow."""
        self._ring.take(entries)
        if self._hear is not None:
            for entry in entries:
                self._hear(entry)
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def close(self) -> None:
        """End every wait; called when the program is about to stop."""
        self._closing = True
        self._tell()

    def recent(self, after: int = 0) -> tuple[Numbered, ...]:
        """Return the kept entries with greater numbers, oldest first."""
        return self._ring.after(after)

    async def follow(
        self, after: int, patience: float = PATIENCE_SECONDS
    ) -> AsyncIterator[tuple[Numbered, ...]]:
        """Yield entries with greater numbers as they come, until the program stops.

        Yields nothing (an empty tuple) once ``patience`` seconds brought none.
        """
        while not self._closing:
            news = self._news
            if found := self._ring.after(after):
                after = found[-1].number
                yield found
                continue
            try:
                await asyncio.wait_for(news.wait(), patience)
            except TimeoutError:
                yield ()

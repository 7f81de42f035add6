"""The gRPC health service (grpc.health.v1), as load balancers and probes ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

_SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}
_NOT_SERVING = b"\x08\x02"
_SERVICE = "/grpc.health.v1.Health/"


class Health(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers Check and Watch for the whole server: serving until it drains."""

    def __init__(self) -> None:
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """Say NOT_SERVING from now on."""
        self._draining.set()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a health method, or None where the method is another's."""
        method: str = handler_call_details.method
        if method == _SERVICE + "Check":
            return grpc.unary_unary_rpc_method_handler(self._check)
        if method == _SERVICE + "Watch":
            return grpc.unary_stream_rpc_method_handler(self._watch)
        return None

    async def _check(self, _request: bytes, _context: Any) -> bytes:
        return _NOT_SERVING if self._draining.is_set() else _SERVING

    async def _watch(self, _request: bytes, _context: Any) -> AsyncIterator[bytes]:
        if not self._draining.is_set():
            yield _SERVING
            await self._draining.wait()
        yield _NOT_SERVING

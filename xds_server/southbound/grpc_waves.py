"""Large responses go out in waves: each one in flight is a copy, and a thousand are a gigabyte."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from xds_server.protocols.xds.effects import Send

_LARGE = 64 * 1024  # bytes from which a response waits for its turn
_AT_ONCE = 16
_TURN = 1.0  # seconds after which a client that reads slowly no longer keeps others waiting


class Waves:
    """Writes responses, only some of the large ones at a time. Use it on one event loop."""

    def __init__(self, at_once: int = _AT_ONCE, turn: float = _TURN) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._turn = turn

    def write(self, context: Any, response: Send) -> Coroutine[Any, Any, None]:
        """Write one response to a stream; the coroutine ends when the transport has taken it."""
        if len(response.data) < _LARGE:
            small: Coroutine[Any, Any, None] = context.write(response.data)
            return small
        return self._write_large(context, response)

    async def _write_large(self, context: Any, response: Send) -> None:
        async with self._turns:
            writing = asyncio.ensure_future(context.write(response.data))
            try:
                await asyncio.wait([writing], timeout=self._turn)
            except asyncio.CancelledError:
                writing.cancel()
                raise
        await writing

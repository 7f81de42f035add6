"""Large responses go out in waves: each one in flight is a copy, and a thousand are a gigabyte."""

from __future__ import annotations

import asyncio
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

    async def write(self, context: Any, response: Send) -> None:
        """Write one response to a stream; return when the transport has taken it."""
        if len(response.body) < _LARGE:
            await context.write(response.data)
            return
        async with self._turns:
            writing = asyncio.ensure_future(context.write(response.data))
            try:
                await asyncio.wait([writing], timeout=self._turn)
            except asyncio.CancelledError:
                writing.cancel()
                raise
        await writing

"""News for thousands of streams in short turns, so that a wide change holds up nobody's request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter

_TURN = 0.002  # seconds until others get their turn


class Turns:
    """Calls ``tell`` for each node that was added, some at a time. Use it on one event loop."""

    def __init__(self, tell: Callable[[str], None], turn: float = _TURN) -> None:
        self._tell = tell
        self._turn = turn
        self._waiting: dict[str, None] = {}  # in order; a node waits once, however often added
        self._next: asyncio.Handle | None = None

    def add(self, node: str) -> None:
        """Tell this node's news when its turn comes; the latest then."""
        self._waiting[node] = None
        if self._next is None:
            self._next = asyncio.get_running_loop().call_soon(self._run)

    def drop(self, node: str) -> None:
        """Tell this node nothing."""
        self._waiting.pop(node, None)

    def stop(self) -> None:
        """Tell nobody anything more."""
        self._waiting.clear()

    def _run(self) -> None:
        end = perf_counter() + self._turn
        try:
            while self._waiting:
                node = next(iter(self._waiting))
                del self._waiting[node]
                self._tell(node)
                if perf_counter() >= end:
                    break
        finally:  # an error with one node is reported by the loop; the others have their turn
            self._next = None
            if self._waiting:
                self._next = asyncio.get_running_loop().call_soon(self._run)

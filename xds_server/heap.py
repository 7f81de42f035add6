"""Memory of a process that serves: one heap, and what a burst leaves free is given back."""

from __future__ import annotations

import asyncio
import ctypes
import os
from pathlib import Path
from time import process_time

_ARENA_MAX = -8  # M_ARENA_MAX of mallopt(3)
_STATM = Path("/proc/self/statm")  # sizes in pages, the second is what is resident; see proc(5)
_PAUSE = 10.0  # seconds between two looks
_AT_REST = 0.1  # of a core, in that time
_GROWN = 16 * 1024 * 1024  # bytes that are worth the time


def share_heap() -> bool:
    """Let all threads allocate from one heap, where that can be told; call it before they start.

    glibc gives threads heaps of their own. When thousands of proxies connect at once, each of
    gRPC's threads would leave one full of holes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it
    return mallopt is not None and mallopt(_ARENA_MAX, 1) == 1


class Freed:
    """Memory that was freed and is still the process's. Make it before files are out of reach.

    glibc gives back only what is free at the heap's end. What thousands of proxies take while they
    connect lies between what they keep: nearly half of the heap.
    """

    def __init__(self) -> None:
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
        known = self._trim is not None and _STATM.exists()
        self._statm = _STATM.open("rb", buffering=0) if known else None

    async def give_back(self) -> None:
        """Give it back whenever the process has grown and rests, until cancelled.

        It takes 10 ms for 100 MB, which nobody waits for then.
        """
        if self._trim is None or self._statm is None:
            return
        with self._statm:
            kept = self._resident()
            while True:
                before = process_time()
                await asyncio.sleep(_PAUSE)
                now = self._resident()
                kept = min(kept, now)
                if now - kept > _GROWN and process_time() - before < _AT_REST * _PAUSE:
                    self._trim(0)
                    kept = self._resident()

    def _resident(self) -> int:
        if self._statm is None:
            return 0
        self._statm.seek(0)
        return int(self._statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

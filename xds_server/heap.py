"""Memory of a process that serves: one heap, so that what a burst leaves free is used again."""

from __future__ import annotations

import ctypes

_ARENA_MAX = -8  # M_ARENA_MAX of mallopt(3)


def share_heap() -> bool:
    """Let all threads allocate from one heap, where that can be told; call it before they start.

    glibc gives threads heaps of their own. When thousands of proxies connect at once, each of
    gRPC's threads would leave one full of holes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it
    return mallopt is not None and mallopt(_ARENA_MAX, 1) == 1

"""Programs of the bed that run until their standard input ends, as it does when whoever began them
is gone: over ``docker exec`` no signal reaches them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable


class _Ear(asyncio.Protocol):
    def __init__(self, tell: Callable[[], object]) -> None:
        self._tell = tell

    def eof_received(self) -> None:
        self._tell()


async def ended(tell: Callable[[], object]) -> None:
    """Have ``tell`` called once the standard input, a pipe, has ended."""
    await asyncio.get_running_loop().connect_read_pipe(lambda: _Ear(tell), sys.stdin)

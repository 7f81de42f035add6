"""Reference cycles: how often a process that serves looks for them.

Plans, snapshots and the controller's state have none, so that reference counts free them. A large
change makes so many objects that to look at them in its midst would take as long as the change.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

_AT_ANY_TIME = 250_000  # new objects after which it looks also when busy, for a tenth of a second
_OLDER = 20  # of those looks after which one is also at what the others left
_AT_REST = 20_000
_PAUSE = 1.0  # seconds between two looks
_ALL = 100  # looks at young objects after which all are looked at


def collect_rarely() -> None:
    """Let the cycle collector leave alone what is loaded, and look at the rest less often.

    A collection of everything stops the server for a tenth of a second where policy is large, and
    finds little.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def collect_at_rest(busy: Callable[[], bool]) -> None:
    """Look at what is new whenever that is much and nothing is going on, until cancelled."""
    gc.set_threshold(_AT_ANY_TIME, _OLDER, _ALL)
    while True:
        await asyncio.sleep(_PAUSE)
        if gc.get_count()[0] < _AT_REST or busy():
            continue
        gc.collect(1 if gc.get_count()[2] < _ALL else 2)

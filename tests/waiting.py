"""Waiting for what stays, as a revision that runs, a counter or flows do, and a state may not."""

import asyncio
import contextlib
import http.client
import inspect
import time
from collections.abc import Callable
from typing import Any, TypeVar

Found = TypeVar("Found")
PATIENCE = 60.0  # seconds; other tests share this machine, and it may be a slow one


def until(
    holds: Callable[[], Found], seen: Callable[[], object], patience: float = PATIENCE
) -> Found:
    """Look every 0.1 s until something holds, and return it; else fail with what is seen then."""
    deadline = time.monotonic() + patience
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {patience:g} s: {seen()}"
        time.sleep(0.1)
    return found


async def eventually(check: Callable[[], Any], what: str = "", patience: float = PATIENCE) -> None:
    """Wait until a check is true, or a coroutine function's result is; else fail naming it.

    Where nothing is said of it, it is named by its own text. Nobody who listens yet, or an answer
    that breaks off, is no failure: it is looked again.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            found = check()
            if await found if inspect.isawaitable(found) else found:
                return
        await asyncio.sleep(0.01)
    raise AssertionError(f"not within {patience:g} s: {what or inspect.getsource(check).strip()}")


async def taken(heard: list[Found], fits: Callable[[Found], object]) -> Found:
    """Wait for a word that fits, and return it; what was heard before it is forgotten."""

    def place() -> int | None:
        return next((index for index, word in enumerate(heard) if fits(word)), None)

    await eventually(lambda: place() is not None, f"none of {heard} fits")
    found = place()
    assert found is not None
    word = heard[found]
    del heard[: found + 1]
    return word

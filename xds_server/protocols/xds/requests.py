"""Requests that many clients send alike are read once: the acknowledgements of a fleet are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_LONGEST = 64 * 1024  # bytes; what is longer holds a client's own node or state
_MOST = 1024 * 1024  # bytes of requests that are remembered


class Requests(Generic[T]):
    """What ``scan`` makes of bytes, which must be a value; the oldest is forgotten first."""

    def __init__(self, scan: Callable[[bytes], T], most: int = _MOST) -> None:
        self._scan = scan
        self._most = most
        self._known: dict[bytes, T] = {}
        self._size = 0

    def read(self, data: bytes) -> T:
        """Return what is in these bytes; raises what ``scan`` raises."""
        found = self._known.get(data)
        if found is not None:
            return found
        read = self._scan(data)
        if len(data) <= _LONGEST:
            self._known[data] = read
            self._size += len(data)
            self._forget()
        return read

    def _forget(self) -> None:
        while self._size > self._most:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._size -= len(oldest)

"""Requests that many clients send alike are read once: the acknowledgements of a fleet are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_LONGEST = 64 * 1024  # bytes; what is longer holds a client's own node or state
_MOST = 1024 * 1024  # bytes of requests that are remembered


def _length(data: bytes, _read: object) -> int:
    return len(data)


class Requests(Generic[T]):
    """What ``scan`` makes of bytes, which must be a value; the oldest is forgotten first.

    Found is only what was made of the very same bytes. ``weigh`` says what an entry costs of
    ``most``; bytes over ``longest`` are not remembered.
    """

    def __init__(
        self,
        scan: Callable[[bytes], T],
        most: int = _MOST,
        longest: int = _LONGEST,
        weigh: Callable[[bytes, T], int] = _length,
    ) -> None:
        self._scan = scan
        self._most = most
        self._longest = longest
        self._weigh = weigh
        self._known: OrderedDict[bytes, T] = OrderedDict()
        self._size = 0

    def read(self, data: bytes) -> T:
        """Return what is in these bytes; raises what ``scan`` raises."""
        if len(data) > self._longest:
            return self._scan(data)
        found = self._known.get(data)
        if found is not None:
            return found
        read = self._scan(data)
        self._known[data] = read
        self._size += self._weigh(data, read)
        self._forget()
        return read

    def _forget(self) -> None:
        while self._size > self._most:
            self._size -= self._weigh(*self._known.popitem(last=False))

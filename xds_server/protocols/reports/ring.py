"""The recent entries of all access logs: bounded, numbered, and readable from any number on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from xds_server.protocols.reports.entries import Entry

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Numbered:
    """An entry with its place in the order of arrival, counted from 1."""

    number: int
    entry: Entry


class Ring:
    """Keeps the newest entries; whoever reads too slowly misses the oldest, and can tell."""

    def __init__(self, most: int = _MOST) -> None:
        self._kept: deque[Numbered] = deque(maxlen=most)
        self.taken = 0  # entries ever, which is the number of the last one

    def take(self, entries: Iterable[Entry]) -> None:
        """Append entries in the order of arrival."""
        for entry in entries:
            self.taken += 1
            self._kept.append(Numbered(self.taken, entry))

    def after(self, number: int) -> tuple[Numbered, ...]:
        """Return the kept entries whose number is greater, oldest first."""
        if number >= self.taken:
            return ()
        fresh = self.taken - max(number, 0)
        start = max(len(self._kept) - fresh, 0)
        return tuple(self._kept)[start:]

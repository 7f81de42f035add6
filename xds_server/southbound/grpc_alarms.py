"""The times at which thousands of streams are to be called, behind one timer of the event loop."""

from __future__ import annotations

import asyncio
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Protocol

_SOONEST = 0.001  # seconds until a time that has come already
_FEW = 64  # forgotten times that are not worth looking for


class Sleeper(Protocol):
    """Whoever is to be called: ``alarm`` is for ``Alarms`` alone, and None at first."""

    alarm: Alarm | None

    def ring(self) -> None:
        """Do what was to be done at the time; set the next one if there is one."""


Alarm = tuple[float, int, Sleeper]


class Alarms:
    """At most one time for each sleeper. Use it on one event loop; times are that loop's.

    A timer of the loop's own takes 700 bytes, and each stream has one for as long as it lives.
    """

    def __init__(self) -> None:
        self._heap: list[Alarm] = []
        self._numbers = count()  # equal times are not compared any further
        self._stale = 0  # how many of the heap are forgotten, or were replaced by earlier ones
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0

    def wake(self, sleeper: Sleeper, at: float) -> None:
        """Call it then, unless it is called earlier; it then says when it wants to be next."""
        before = sleeper.alarm
        if before is not None:
            if before[0] <= at:
                return
            self._stale += 1
        alarm = sleeper.alarm = (at, next(self._numbers), sleeper)
        heappush(self._heap, alarm)
        self._thin_out()
        self._set()

    def forget(self, sleeper: Sleeper) -> None:
        """Call it no more."""
        if sleeper.alarm is not None:
            sleeper.alarm = None
            self._stale += 1
            self._thin_out()

    def _thin_out(self) -> None:
        """Let go of what is forgotten before its time, which may be half an hour away."""
        if self._stale > _FEW and self._stale * 2 > len(self._heap):
            self._heap = [alarm for alarm in self._heap if alarm[2].alarm is alarm]
            heapify(self._heap)
            self._stale = 0

    def _set(self) -> None:
        if not self._heap:
            return
        at = self._heap[0][0]
        if self._timer is not None:
            if self._rings_at <= at:
                return
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._rings_at = max(at, loop.time() + _SOONEST)
        self._timer = loop.call_at(self._rings_at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        try:
            for _ in range(len(self._heap)):  # who wants to be called at once is called next time
                if self._heap[0][0] > now:
                    break
                alarm = heappop(self._heap)
                sleeper = alarm[2]
                if sleeper.alarm is not alarm:
                    self._stale -= 1
                    continue
                sleeper.alarm = None
                sleeper.ring()
        finally:  # an error of one is reported by the loop; the others are called all the same
            self._set()

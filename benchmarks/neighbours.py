"""How much of the machine was had by others than a benchmark and what it runs."""

from __future__ import annotations

import os
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/stat's first row and of /proc/PID/stat behind the name; see proc(5).
_USER, _NICE, _SYSTEM, _STEAL = 1, 2, 3, 8
_OWN = slice(11, 15)  # utime, stime, and those of children that have ended
_SHORTEST = 1.0  # s that can be judged: what is counted are hundredths of a second


class Neighbours:
    """A meter of other processes' CPU time, hypervisor included; interrupts are nobody's."""

    def __init__(self, root: Path = Path("/proc"), pid: int | None = None) -> None:
        self._root = root
        self._pid = os.getpid() if pid is None else pid
        self._last = self._now()
        self._share = 0.0

    def cores(self) -> float:
        """Return how many cores others had on average since this was last judged.

        A time too short to judge by is part of the next one; the answer is the last one's.
        """
        machine, own, when = self._now()
        before, ours, then = self._last
        if when - then >= _SHORTEST:
            self._last = machine, own, when
            self._share = max(0.0, ((machine - before) - (own - ours)) / TICKS / (when - then))
        return self._share

    def _now(self) -> tuple[int, int, float]:
        row = (self._root / "stat").read_text().split("\n", 1)[0].split()
        machine = sum(int(row[field]) for field in (_USER, _NICE, _SYSTEM, _STEAL))
        own = sum(self._ticks(pid) for pid in family(self._pid, self._root))
        return machine, own, time.monotonic()

    def _ticks(self, pid: int) -> int:
        try:
            text = (self._root / str(pid) / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):  # it ended: its parent has its time
            return 0
        return sum(map(int, text.rpartition(")")[2].split()[_OWN]))


def family(pid: int, root: Path = Path("/proc")) -> list[int]:
    """Return a process and all its descendants that live."""
    tasks = (root / str(pid) / "task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return [pid, *(one for child in children for one in family(child, root))]

"""What a long benchmark has found so far: kept as it comes, so that a fault loses nothing."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.neighbours import Neighbours
from benchmarks.report import Figure, figure, keep, show

PEER = "go-control-plane"
CORES = os.cpu_count() or 1
_BUSY = 0.05  # of one core, had by processes that are not the benchmark's


class Book:
    """The figures and the log of a benchmark by name; each addition is written at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began = time.monotonic()
        self.figures: list[Figure] = []
        self._log: list[str] = []
        self._neighbours = Neighbours()
        load = os.getloadavg()[0]
        self.say(f"load average before the start: {load:.2f} on {CORES} cores")
        if load > 0.5:
            self.say("BUSY MACHINE: others run beside this; times are longer than they would be")

    def say(self, line: str) -> None:
        """Print a line and log it."""
        print(f"[{time.monotonic() - self._began:4.0f} s] {line}", flush=True)
        self._log.append(line)
        keep(self._name, self.figures, self._log)

    def raw(self, what: dict[str, object]) -> None:
        """Log what was measured, as it is, with the load average."""
        self._log.append(json.dumps({"load": round(os.getloadavg()[0], 2), **what}))
        keep(self._name, self.figures, self._log)

    def waited(self, what: str, waited_ms: float, took_ms: float) -> None:
        """Say how long a server's threads waited for its core, and mark what others disturbed."""
        others = self._neighbours.cores()
        mark = " (BUSY MACHINE)" if others > _BUSY else ""
        self.say(
            f"  {what}: waited {waited_ms:.0f} of {took_ms:.0f} ms,"
            f" others had {others:.2f} cores{mark}"
        )

    def add(self, row: Figure) -> None:
        """Keep a figure."""
        self.figures.append(row)
        keep(self._name, self.figures, self._log)

    def beside(
        self,
        name: str,
        unit: str,
        ours: Sequence[float],
        peer: Sequence[float],
        *,
        target: float | None = None,
        times: float | None = None,
        at_least: bool = False,
        peer_name: str = PEER,
    ) -> None:
        """Keep a figure beside the peer's, the medians of several runs.

        ``times`` is a target relative to the peer's value; of two targets the stricter counts.
        """
        self.raw({"figure": name, "unit": unit, "ours": list(ours), "peer": list(peer)})
        other = statistics.median(peer)
        limits = [] if target is None else [target]
        limits += [] if times is None else [times * other]
        self.add(
            figure(
                name,
                statistics.median(ours),
                unit,
                peer=peer_name,
                peer_value=other,
                target=min(limits, default=None),
                at_least=at_least,
            )
        )

    def measure(
        self,
        names: Iterable[str],
        scenario: Callable[[str, Path], None],
        faults: tuple[type[Exception], ...],
    ) -> int:
        """Run scenarios, which share a folder for what they write, and print everything.

        Returns 1 if one ended by one of the ``faults``: the others are still worth having.
        """
        failed = []
        with tempfile.TemporaryDirectory(prefix="fsdn-bench-") as scratch:
            for name in names:
                try:
                    scenario(name, Path(scratch))
                except faults as error:
                    failed.append(f"{name}: {error}")
                    self.say(f"{name} failed: {error}")
        self.end(failed)
        return 1 if failed else 0

    def end(self, faults: Sequence[str]) -> None:
        """Print everything, what failed last."""
        show(self._name, self.figures)
        for fault in faults:
            self.say(f"FAILED: {fault}")

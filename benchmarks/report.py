"""Figures: medians of several runs beside a peer, as a table, as JSON and with a log."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
QUICK = os.environ.get("QUICK") == "1"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; ``ratio`` is value over peer_value, ``met`` None where no target is."""

    figure: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    target: float | None = None
    met: bool | None = None


def figure(
    name: str,
    value: float,
    unit: str,
    *,
    peer: str = "",
    peer_value: float | None = None,
    target: float | None = None,
    at_least: bool = False,
) -> Figure:
    """Return a figure with its ratio to the peer.

    A target is met by a value not above it; with ``at_least`` (a rate) by one not below it.
    """
    ratio = round(value / peer_value, 4) if peer_value else None
    met = None if target is None else (value >= target if at_least else value <= target)
    shown = _rounded(target)
    return Figure(name, round(value, 3), unit, peer, _rounded(peer_value), ratio, shown, met)


def median_ms(work: Callable[[], object], runs: int) -> tuple[float, list[float]]:
    """Return the median time of ``work`` in milliseconds, and every run's."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), times


def publish(name: str, figures: list[Figure], log: list[str]) -> None:
    """Print the figures as a table and keep them."""
    keep(name, figures, log)
    show(name, figures)


def keep(name: str, figures: list[Figure], log: list[str]) -> None:
    """Write ``results/NAME.json`` and ``results/NAME.log``."""
    RESULTS.mkdir(exist_ok=True)
    rows = [asdict(row) for row in figures]
    (RESULTS / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    (RESULTS / f"{name}.log").write_text("\n".join(log) + "\n")


def show(name: str, figures: list[Figure]) -> None:
    """Print the figures as a table."""
    table = Table(title=f"{name}{' (quick)' if QUICK else ''}")
    for column in ("figure", "value", "peer", "peer value", "ratio", "target", "met"):
        table.add_column(column)
    for row in figures:
        table.add_row(
            row.figure,
            f"{row.value:g} {row.unit}",
            row.peer or "-",
            _cell(row.peer_value),
            _cell(row.ratio),
            _cell(row.target),
            {True: "yes", False: "NO", None: "-"}[row.met],
        )
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"

"""Changes for a growing number of streams, ours beside go-control-plane."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.plot import loglog
from benchmarks.report import QUICK, RESULTS
from benchmarks.xds_book import Book
from benchmarks.xds_content import many_clusters, many_endpoints, small
from benchmarks.xds_process import Subject, subjects
from benchmarks.xds_runs import Change, Run, measure
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.model import Snapshot

SMALL = "small change"
LARGE = "one endpoint of 10,000 changed"
WIDE = "1,000 clusters"
COUNTS = (100, 1000) if QUICK else (100, 300, 1000, 3000, 5000)
DIALECTS = ("sotw", "delta")
RUNS = 1 if QUICK else 3
ONCE = 5000  # so many streams are sent large things in one run: the peer takes half a minute a time
WIDE_AT = {100} if QUICK else {100, 1000, 5000}
TIMES = 2.5  # the smallest push may take so many times what the peer takes
WIDE_MS = {1000: 800.0}
PUSHES = 6000.0  # a second, acknowledgements included, in one process
MEMORY_KIB = {"sotw": 60.0, "delta": 90.0}
Runs = tuple[list[Run], list[Run]]  # ours and the peer's


def changes(streams: int, run: int) -> list[Change]:
    """Return what is changed for so many streams; the first serves as the initial snapshot."""
    rounds = 5 if QUICK else max(4, min(40, 15_000 // streams))
    found = [Change(SMALL, ENDPOINT, rounds, small)]
    if large(streams, run):
        few = 1 if streams >= ONCE else 3 if streams < 1000 else 2
        found.append(Change(LARGE, ENDPOINT, few, _endpoints, before=True))
        found.append(Change(WIDE, CLUSTER, few, _clusters))
    return found


def large(streams: int, run: int) -> bool:
    """Whether this run sends large things, and reconnects everybody."""
    return streams in WIDE_AT and (streams < ONCE or run == 0)


def _endpoints(shift: int) -> Snapshot:
    return many_endpoints(10_000, shift)


def _clusters(shift: int) -> Snapshot:
    return many_clusters(1000, shift)


def scenario(book: Book, peers: str, scratch: Path) -> None:
    """Measure every number of streams in both dialects, and draw the curves."""
    found: dict[tuple[str, int], Runs] = {}
    for streams in COUNTS:
        for dialect in DIALECTS:
            runs = found[dialect, streams] = ([], [])
            for run in range(RUNS):
                for side, subject in zip(runs, subjects(peers), strict=True):
                    side.append(_measured(book, subject, peers, dialect, streams, run, scratch))
            _figures(book, dialect, streams, runs)
        _draw(found)


def _measured(
    book: Book,
    subject: Subject,
    peers: str,
    dialect: str,
    streams: int,
    number: int,
    scratch: Path,
) -> Run:
    where = f"{subject.name}, {dialect}, {streams} streams, run {number + 1} of {RUNS}"
    book.say(where)
    planned = changes(streams, number)
    again = large(streams, number)
    run = measure(subject, peers, dialect, streams, planned, scratch, again)
    for change in run.rounds:
        book.waited(f"{change}, p50 {run.half(change):.1f} ms", *run.waited(change))
    book.raw(asdict(run))
    return run


def _figures(book: Book, dialect: str, streams: int, runs: Runs) -> None:
    """Keep the medians of the runs, side by side."""
    where = f"{dialect}, {streams} streams"

    def add(name: str, unit: str, of: Callable[[Run], float], **limits: float | None) -> None:
        ours, peer = ([of(run) for run in side] for side in runs)
        book.beside(f"{where}: {name}", unit, ours, peer, **limits)  # type: ignore[arg-type]

    add(f"{SMALL} to all ACKed, p50", "ms", lambda run: run.half(SMALL), times=TIMES)
    add(f"{SMALL} to all ACKed, p99", "ms", lambda run: run.worst(SMALL), times=TIMES)
    add(f"{SMALL}, CPU a push", "us", lambda run: run.cpu(SMALL), times=TIMES)
    if streams >= 1000:
        ours, peer = ([streams * 1000 / run.half(SMALL) for run in side] for side in runs)
        name = f"{where}: pushes and their ACKs a second, one process"
        book.beside(name, "1/s", ours, peer, target=PUSHES, at_least=True)
        limit = MEMORY_KIB[dialect]
        add("memory a stream", "KiB", lambda run: run.memory, target=limit, times=0.5)
    add("open all", "ms", lambda run: run.opened_ms, times=1)
    add("CPU of opening one", "us", lambda run: run.open_cpu_ms * 1000 / streams, times=1)
    both = [[run for run in side if run.reconnect] for side in runs]
    if all(both):
        _large_figures(book, where, streams, (both[0], both[1]))


def _large_figures(book: Book, where: str, streams: int, runs: Runs) -> None:
    def add(name: str, unit: str, of: Callable[[Run], float], **limits: float | None) -> None:
        ours, peer = ([of(run) for run in side] for side in runs)
        book.beside(f"{where}: {name}", unit, ours, peer, **limits)  # type: ignore[arg-type]

    def push(name: str, target: float | None) -> None:
        p99 = target if name == WIDE else None
        add(f"{name} to all ACKed, p50", "ms", lambda run: run.half(name), times=1)
        add(f"{name} to all ACKed, p99", "ms", lambda run: run.worst(name), target=p99, times=1)
        add(f"{name}, CPU a push", "us", lambda run: run.cpu(name), times=1)
        each = 1000 * streams
        add(f"{name}, sent a stream", "kB", lambda run: run.median(name, "bytes") / each)

    push(LARGE, None)
    push(WIDE, WIDE_MS.get(streams))
    add("reconnect of all: resources", "", lambda run: run.reconnect["resources"], target=0)
    add("reconnect of all: bytes", "B", lambda run: run.reconnect["bytes"], target=0)
    add("reconnect of all: CPU", "ms", lambda run: run.reconnect["cpu_ms"], times=1)
    add("reconnect of all: until quiet", "ms", lambda run: run.reconnect["quiet_ms"], times=1)


def _draw(found: dict[tuple[str, int], Runs]) -> None:
    """Write the scale curve and the CPU of a push, as far as they are measured."""
    times = _series(found, lambda run: run.half(SMALL))
    title = "A small change to all ACKed, median"
    (RESULTS / "xds.svg").write_text(loglog(title, "streams", "milliseconds", times))
    cpu = _series(found, lambda run: run.cpu(SMALL))
    title = "CPU of a small push and its ACK, median"
    (RESULTS / "xds-cpu.svg").write_text(loglog(title, "streams", "microseconds", cpu))


def _series(
    found: dict[tuple[str, int], Runs], of: Callable[[Run], float]
) -> dict[str, list[tuple[float, float]]]:
    series: dict[str, list[tuple[float, float]]] = {}
    for (dialect, streams), sides in found.items():
        for side in sides:
            value = statistics.median(of(run) for run in side)
            series.setdefault(f"{side[0].server}, {dialect}", []).append((streams, value))
    return series

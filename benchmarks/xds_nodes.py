"""A snapshot for each node: each with content of its own, and all with the same, small or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.report import QUICK
from benchmarks.xds_book import Book
from benchmarks.xds_content import many_clusters, own, small
from benchmarks.xds_process import Subject, subjects
from benchmarks.xds_runs import Run
from benchmarks.xds_session import Session
from benchmarks.xds_streams import DIALECTS, RUNS
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.model import Snapshot

NODES = 200 if QUICK else 1000
ROUNDS = 2 if QUICK else 4
CLUSTERS = 100
CHANGE = "change"
Contents = Callable[[int], list[Snapshot]]


def _own(shift: int) -> list[Snapshot]:
    return [own(node, shift) for node in range(NODES)]


def _same(shift: int) -> list[Snapshot]:
    return [small(shift)]


def _same_clusters(shift: int) -> list[Snapshot]:
    return [many_clusters(CLUSTERS, shift)]


# What a change makes of the snapshots, and the type that it is of.
ARRANGEMENTS: dict[str, tuple[Contents, str]] = {
    "nodes with a snapshot each": (_own, ENDPOINT),
    "nodes with a snapshot each, all alike": (_same, ENDPOINT),
    f"nodes with a snapshot each, all alike, {CLUSTERS} clusters changed": (
        _same_clusters,
        CLUSTER,
    ),
}


def scenario(book: Book, peers: str, scratch: Path) -> None:
    """Measure both servers, both arrangements, both dialects."""
    for name, (contents, kind) in ARRANGEMENTS.items():
        for dialect in DIALECTS:
            runs: tuple[list[Run], list[Run]] = ([], [])
            for number in range(RUNS):
                for side, subject in zip(runs, subjects(peers), strict=True):
                    where = f"{NODES} {name}, run {number + 1} of {RUNS}"
                    book.say(f"{subject.name}, {dialect}, {where}")
                    run = _measured(subject, peers, dialect, contents, kind, scratch)
                    book.waited(f"p50 {run.half(CHANGE):.1f} ms", *run.waited(CHANGE))
                    book.raw({"arrangement": name, **asdict(run)})
                    side.append(run)
            _figures(book, f"{dialect}, {NODES} {name}", runs)


def _measured(
    subject: Subject, peers: str, dialect: str, contents: Contents, kind: str, scratch: Path
) -> Run:
    """Return a run whose memory counts the snapshots, too."""
    run = Run(subject.name, dialect, NODES)
    with Session(subject.each, peers, scratch) as session:
        before = session.memory_kib()
        session.publish(contents(0), NODES)
        run.opened_ms = session.open(NODES, dialect)
        session.settle()
        run.memory = (session.memory_kib() - before) / NODES
        run.rounds[CHANGE] = [
            session.publish(contents(shift), NODES, kind, NODES) for shift in range(1, ROUNDS + 1)
        ]
    return run


def _figures(book: Book, where: str, runs: tuple[list[Run], list[Run]]) -> None:
    def add(name: str, unit: str, of: Callable[[Run], float], times: float) -> None:
        ours, peer = ([of(run) for run in side] for side in runs)
        book.beside(f"{where}: {name}", unit, ours, peer, times=times)

    add("publish to all ACKed, p50", "ms", lambda run: run.half(CHANGE), 1)
    add("publish to all ACKed, p99", "ms", lambda run: run.worst(CHANGE), 1)
    add("CPU a push", "us", lambda run: run.cpu(CHANGE), 1)
    add("memory a node and its stream", "KiB", lambda run: run.memory, 0.5)

"""Where a server may send more than is needed, or less: unchanged, missing, refused, not read.

100 streams, and beside them one that asks for everything and never reads.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import QUICK, figure
from benchmarks.xds_book import PEER, Book
from benchmarks.xds_content import MARKER, many_endpoints, poisoned, small
from benchmarks.xds_process import Subject, subjects
from benchmarks.xds_runs import Change, Run
from benchmarks.xds_session import Session
from benchmarks.xds_streams import DIALECTS, LARGE, RUNS
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.snapshots.model import Snapshot

STREAMS = 100
PATIENCE = 3.0  # s: for a word on what is missing, and for a refused version to come again
QUIET = 0.7  # s without a word count as silence
_ROUNDS = 3 if QUICK else 5


@dataclass(slots=True)
class Odd:
    """What one server did: received by all clients, and its CPU time in ms, by scenario."""

    server: str
    dialect: str
    slow: Run
    same: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, Any] = field(default_factory=dict)


def scenario(book: Book, peers: str, scratch: Path) -> None:
    """Measure both servers in both dialects."""
    for dialect in DIALECTS:
        runs: tuple[list[Odd], list[Odd]] = ([], [])
        for number in range(RUNS):
            for side, subject in zip(runs, subjects(peers), strict=True):
                book.say(f"{subject.name}, {dialect}, odd clients, run {number + 1} of {RUNS}")
                odd = _measured(subject, peers, dialect, scratch)
                book.waited(f"{LARGE} beside a slow client", *odd.slow.waited(LARGE))
                book.raw(asdict(odd))
                side.append(odd)
        _figures(book, dialect, runs)


def _measured(subject: Subject, peers: str, dialect: str, scratch: Path) -> Odd:
    odd = Odd(subject.name, dialect, Run(subject.name, dialect, STREAMS))
    with Session(subject.command, peers, scratch) as session:
        nodes = STREAMS + 1
        session.publish([small()], nodes)
        session.open(STREAMS, dialect, slow=1)
        change = Change(LARGE, ENDPOINT, _ROUNDS, lambda shift: many_endpoints(10_000, shift))
        shown = [
            session.publish([change.snapshot(shift)], nodes, ENDPOINT, STREAMS)
            for shift in range(_ROUNDS + 1)
        ]
        odd.slow.rounds[LARGE] = shown[1:]
        session.publish([small(1)], nodes, ENDPOINT, STREAMS)
        odd.same = _sent(session, [small(1)], QUIET, salt="-again")
        name = "nowhere"
        odd.missing = session.generator.ask("miss", name=name, seconds=PATIENCE)
        session.server.ask("tolerate")
        session.generator.ask("refuse", marker=MARKER)
        odd.refused = _sent(session, [poisoned()], PATIENCE)
    return odd


def _sent(
    session: Session, snapshots: list[Snapshot], seconds: float, salt: str = ""
) -> dict[str, Any]:
    """Publish, wait, and return what was received and what it cost."""
    answer = session.publish(snapshots, STREAMS + 1, salt=salt)
    time.sleep(seconds)
    spent = answer["cpu_ms"] + session.cpu_ms() - answer["total_cpu_ms"]
    return {**answer, **session.received(), "cpu_ms": spent}


def _figures(book: Book, dialect: str, runs: tuple[list[Odd], list[Odd]]) -> None:
    where = f"{dialect}, {STREAMS} streams"
    ours, peer = runs

    def add(name: str, unit: str, what: str, of: str, **limits: float) -> None:
        values = [[float(getattr(odd, of)[what]) for odd in side] for side in runs]
        book.beside(f"{where}: {name}", unit, *values, **limits)  # type: ignore[arg-type]

    name = f"{where}, one more that does not read: {LARGE} to all ACKed"
    for rank, of in (("p50", Run.half), ("p99", Run.worst)):
        values = [[of(odd.slow, LARGE) for odd in side] for side in runs]
        book.beside(f"{name}, {rank}", "ms", *values, times=1)
    values = [[odd.slow.cpu(LARGE) for odd in side] for side in runs]
    book.beside(f"{name}, CPU a push", "us", *values, times=1)
    name = "unchanged content published again"
    add(f"{name}: resources sent", "", "resources", "same", target=0)
    add(f"{name}: CPU", "ms", "cpu_ms", "same", times=1)
    _missing(book, where, ours, peer)
    name = f"a refused version, in {PATIENCE:g} s"
    add(f"{name}: times sent to all", "", "refused", "refused", times=1)
    add(f"{name}: CPU", "ms", "cpu_ms", "refused", times=1)


def _missing(book: Book, where: str, ours: list[Odd], peer: list[Odd]) -> None:
    """Keep how long clients waited to hear of a missing name; who never hears is no number."""
    name = f"{where}: until all hear that a named resource is missing"
    if all("all_ms" in odd.missing for odd in (*ours, *peer)):
        times = [[float(odd.missing["all_ms"]) for odd in side] for side in (ours, peer)]
        book.beside(name, "ms", *times, times=1)
        return
    never = f"{PEER}: not within {PATIENCE:g} s"
    slowest = sorted(float(odd.missing.get("all_ms", PATIENCE * 1000)) for odd in ours)
    limit = PATIENCE * 1000 - 1
    value = slowest[len(slowest) // 2]
    book.add(figure(name, value, "ms", peer=never, target=limit))

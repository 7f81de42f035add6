"""One run: one server, one number of streams, and what it took to change things for them."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.xds_process import Subject
from benchmarks.xds_session import Session
from xds_server.snapshots.model import Snapshot


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of change: its name, the type awaited, rounds, and the snapshot of each round.

    ``before`` is published first, unmeasured, where a round would else begin from elsewhere.
    """

    name: str
    type_url: str
    rounds: int
    snapshot: Callable[[int], Snapshot]
    before: bool = False


@dataclass(slots=True)
class Run:
    """What was measured of one server: times in ms a round, memory in KiB a stream."""

    server: str
    dialect: str
    streams: int
    opened_ms: float = 0.0
    open_cpu_ms: float = 0.0
    memory: float = 0.0
    rounds: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    reconnect: dict[str, Any] = field(default_factory=dict)

    def times(self, change: str) -> list[float]:
        """Return for each round the ms from the change until all streams acknowledged it."""
        return sorted(one["all_ms"] for one in self.rounds[change])

    def half(self, change: str) -> float:
        """Return the median round's ms."""
        return statistics.median(self.times(change))

    def worst(self, change: str) -> float:
        """Return the 99th percentile of the rounds, by nearest rank."""
        times = self.times(change)
        return times[max(0, -(-99 * len(times) // 100) - 1)]

    def cpu(self, change: str) -> float:
        """Return the server's CPU time in microseconds for one stream of the median round."""
        return self.median(change, "cpu_ms") * 1000 / self.streams

    def median(self, change: str, what: str) -> float:
        """Return the median round's value."""
        return statistics.median(float(one[what]) for one in self.rounds[change])

    def waited(self, change: str) -> tuple[float, float]:
        """Return how many ms the server waited for its core in all rounds, and of how many."""
        found = self.rounds[change]
        return sum(one["waited_ms"] for one in found), sum(one["asked_ms"] for one in found)


def measure(
    subject: Subject,
    peers: str,
    dialect: str,
    streams: int,
    changes: list[Change],
    scratch: Path,
    reconnects: bool = True,
) -> Run:
    """Return a run of a server of its own. Raises ProcessError where a stream is not served."""
    run = Run(subject.name, dialect, streams)
    with Session(subject.command, peers, scratch) as session:
        session.publish([changes[0].snapshot(0)], streams)
        before, cpu = session.memory_kib(), session.cpu_ms()
        run.opened_ms = session.open(streams, dialect)
        session.settle()
        run.open_cpu_ms = session.cpu_ms() - cpu
        run.memory = (session.memory_kib() - before) / streams
        for change in changes:
            run.rounds[change.name] = _rounds(session, streams, change)
        if reconnects:
            run.reconnect = _reconnect(session)
    return run


def _rounds(session: Session, streams: int, change: Change) -> list[dict[str, Any]]:
    first = 0 if change.before else 1
    found = [
        session.publish([change.snapshot(number)], streams, change.type_url, streams)
        for number in range(first, change.rounds + 1)
    ]
    return found[1 - first :]


def _reconnect(session: Session) -> dict[str, Any]:
    """Reconnect everybody at once, and wait until the server has no more to do."""
    session.received()
    cpu = session.cpu_ms()
    session.generator.ask("reconnect")
    took = session.server.quiet(1.0)
    return {**session.received(), "cpu_ms": session.cpu_ms() - cpu, "quiet_ms": took}

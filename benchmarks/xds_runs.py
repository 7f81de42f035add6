"""One run: one server, one number of streams, and what it took to change things for them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.xds_content import NAMES, ROUTES, write
from benchmarks.xds_process import GENERATOR_CORE, SERVER_CORE, Pinned
from xds_server.snapshots.model import Snapshot

NODE_KIB = 60  # what an Envoy says of itself on a stream's first request
_GRACE = 2.5  # s; a new stream of ours holds removals back for 2 s, and a timer ends that
_QUIET = 3.0  # s without a word after a reconnect count as silence


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of change: its name, the type awaited, rounds, and the snapshot of each round."""

    name: str
    type_url: str
    rounds: int
    snapshot: Callable[[int], Snapshot]


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
        found = [float(one["cpu_ms"]) for one in self.rounds[change]]
        return statistics.median(found) * 1000 / self.streams


def measure(
    run: Run, command: tuple[str, ...], peers: str, changes: list[Change], scratch: Path
) -> None:
    """Fill ``run`` from a server of its own. Raises ProcessError where a stream is not served."""
    with (
        Pinned(SERVER_CORE, *command) as server,
        Pinned(GENERATOR_CORE, peers, "load") as generator,
    ):
        port = server.hear()["port"]
        first = _file(scratch, changes[0].snapshot(0))
        server.ask("publish", file=first, type="", streams=0, nodes=run.streams)
        before = server.ask("usage")
        run.opened_ms = _open(generator, run, port)
        time.sleep(_GRACE)
        after = server.ask("usage")
        run.memory = (after["rss_kib"] - before["rss_kib"]) / run.streams
        run.open_cpu_ms = after["cpu_ms"] - before["cpu_ms"]
        for change in changes:
            run.rounds[change.name] = _rounds(server, generator, run, change, scratch)
        run.reconnect = _reconnect(server, generator)


def _open(generator: Pinned, run: Run, port: int) -> float:
    opened = generator.ask(
        "open",
        streams=run.streams,
        dialect=run.dialect,
        port=port,
        node_kib=NODE_KIB,
        names=NAMES,
        routes=ROUTES,
    )
    return float(opened["all_ms"])


def _rounds(
    server: Pinned, generator: Pinned, run: Run, change: Change, scratch: Path
) -> list[dict[str, Any]]:
    found = []
    generator.ask("received")
    for number in range(1, change.rounds + 1):
        file = _file(scratch, change.snapshot(number))
        waited = server.waited_ms(), generator.waited_ms()
        answer = server.ask(
            "publish", file=file, type=change.type_url, streams=run.streams, nodes=run.streams
        )
        answer["waited_ms"] = server.waited_ms() - waited[0]
        answer["generator_waited_ms"] = generator.waited_ms() - waited[1]
        found.append({**answer, **generator.ask("received")})
    return found


def _reconnect(server: Pinned, generator: Pinned) -> dict[str, Any]:
    before = server.ask("usage")
    generator.ask("reconnect")
    time.sleep(_QUIET)
    after = server.ask("usage")
    return {**generator.ask("received"), "cpu_ms": after["cpu_ms"] - before["cpu_ms"]}


def _file(scratch: Path, snapshot: Snapshot) -> str:
    path = scratch / "snapshot.json"
    write(path, snapshot)
    return str(path)

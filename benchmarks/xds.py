"""What a change costs when thousands of xDS clients must hear of it: ours beside go-control-plane.

``python -m benchmarks.xds``; ``QUICK=1`` takes fewer streams and rounds. The server under test has
one core, the load generator the other. Needs Go for the generator and the peer.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks import xds_cold
from benchmarks.plot import loglog
from benchmarks.report import QUICK, RESULTS, Figure, figure, publish
from benchmarks.xds_content import many_clusters, many_endpoints, small
from benchmarks.xds_process import build_peers, subjects
from benchmarks.xds_runs import Change, Run, measure
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.model import Snapshot

OURS, PEER = "fsdn", "go-control-plane"
SMALL, LARGE, WIDE = "small change", "10,000 endpoints", "1,000 clusters"
BIG_AT = 100 if QUICK else 1000  # streams that are sent the large snapshots
COUNTS = {
    "sotw": (100, 1000) if QUICK else (100, 300, 1000, 5000),
    "delta": (100, 1000) if QUICK else (100, 1000, 5000),
}
SMALL_MS = {100: 30.0, 1000: 200.0, 5000: 1200.0}
WIDE_MS = {1000: 800.0}
PUSH_MS = 1000 / 6000  # 6,000 pushes a second, acknowledgements included
MEMORY_KIB = {"sotw": 60.0, "delta": 90.0}
Pairs = dict[tuple[str, int], dict[str, Run]]


def changes(streams: int) -> list[Change]:
    """Return what is changed for so many streams; the first serves as the initial snapshot."""
    rounds = 5 if QUICK else max(6, min(40, 20_000 // streams))
    found = [Change(SMALL, ENDPOINT, rounds, small)]
    if streams == BIG_AT:
        found.append(Change(LARGE, ENDPOINT, 2, _endpoints))
        found.append(Change(WIDE, CLUSTER, 2 if QUICK else 3, _clusters))
    return found


def _endpoints(shift: int) -> Snapshot:
    return many_endpoints(10_000, shift)


def _clusters(shift: int) -> Snapshot:
    return many_clusters(1000, shift)


def pair_figures(dialect: str, streams: int, runs: dict[str, Run]) -> list[Figure]:
    """Return one run of each server, side by side."""
    ours, peer = runs[OURS], runs[PEER]
    where = f"{dialect}, {streams} streams"
    found = []

    def add(name: str, value: float, other: float, unit: str, target: float | None = None) -> None:
        title = f"{where}: {name}"
        row = figure(title, value, unit, peer=PEER, peer_value=other, target=target)
        found.append(row)

    for change in ours.rounds:
        limits = {SMALL: SMALL_MS, WIDE: WIDE_MS}.get(change, {})
        add(f"{change} to all ACKed, p50", ours.half(change), peer.half(change), "ms")
        target = limits.get(streams)
        add(f"{change} to all ACKed, p99", ours.worst(change), peer.worst(change), "ms", target)
        add(f"{change}, CPU a push", ours.cpu(change), peer.cpu(change), "us")
    if streams >= 1000:
        each = ours.half(SMALL) / streams
        add("a push and its ACK", each, peer.half(SMALL) / streams, "ms", round(PUSH_MS, 4))
        memory = min(MEMORY_KIB[dialect], peer.memory / 2)
        add("memory a stream", ours.memory, peer.memory, "KiB", round(memory, 1))
    add("open all", ours.opened_ms, peer.opened_ms, "ms")
    for what, limit in (("resources", 0), ("bytes", 0), ("cpu_ms", None)):
        name = "CPU of reconnecting all" if what == "cpu_ms" else f"{what} sent to all on reconnect"
        unit = "ms" if what == "cpu_ms" else ""
        add(name, ours.reconnect[what], peer.reconnect[what], unit, limit)
    return found


def curve(pairs: Pairs) -> str:
    """Return the plot of a small change's median time over the number of streams."""
    series: dict[str, list[tuple[float, float]]] = {}
    for (dialect, streams), runs in pairs.items():
        for server, run in runs.items():
            series.setdefault(f"{server}, {dialect}", []).append((streams, run.half(SMALL)))
    return loglog("A small change to all ACKed, median", "streams", "milliseconds", series)


def main() -> None:
    """Measure, print and keep the figures, every round's numbers, and the plot."""
    peers = build_peers()
    pairs: Pairs = {}
    log: list[str] = []
    rows: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="fsdn-bench-") as scratch:
        for dialect, counts in COUNTS.items():
            for streams in counts:
                runs = pairs[dialect, streams] = {}
                for server, command in subjects(peers).items():
                    print(f"{server}, {dialect}, {streams} streams", flush=True)
                    run = runs[server] = Run(server, dialect, streams)
                    measure(run, command, peers, changes(streams), Path(scratch))
                    log.append(json.dumps(asdict(run)))
                rows += pair_figures(dialect, streams, runs)
    rows += xds_cold.figures(log)
    publish("xds", rows, log)
    (RESULTS / "xds.svg").write_text(curve(pairs))


if __name__ == "__main__":
    main()

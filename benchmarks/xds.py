"""What a change costs when thousands of xDS clients must hear of it: ours beside go-control-plane.

``python -m benchmarks.xds [SCENARIO ...]``, all of them by default; ``QUICK=1`` takes fewer
streams, rounds and runs. The server under test has one core, the load generator the other. Needs Go
for the generator and the peer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import xds_apply, xds_cold, xds_nodes, xds_odd, xds_sovereign, xds_streams
from benchmarks.xds_book import Book
from benchmarks.xds_process import GENERATOR_CORE, ProcessError, build_peers

Scenario = Callable[[Book, str, Path], None]
SCENARIOS: dict[str, Scenario] = {
    "cold": xds_cold.scenario,
    "apply": xds_apply.scenario,
    "nodes": xds_nodes.scenario,
    "odd": xds_odd.scenario,
    "streams": xds_streams.scenario,
    "sovereign": xds_sovereign.scenario,
}
FAULTS = (ProcessError, OSError, ValueError, KeyError, RuntimeError)


def main(wanted: list[str]) -> int:
    """Measure, print and keep figures, raw numbers and plots; return 1 if a scenario failed."""
    unknown = set(wanted) - SCENARIOS.keys()
    if unknown:
        print(f"no scenario {', '.join(sorted(unknown))}: choose of {', '.join(SCENARIOS)}")
        return 2
    os.sched_setaffinity(0, {int(GENERATOR_CORE)})
    peers = build_peers()
    book = Book("xds")
    return book.measure(
        wanted or SCENARIOS, lambda name, scratch: SCENARIOS[name](book, peers, scratch), FAULTS
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The vswitch layer: changes beside OVN, the cost of scale, and what the pipeline costs packets.

``python -m benchmarks.vswitch [SCENARIO ...]``, all of them by default; ``QUICK=1`` takes fewer
policies, rounds and runs. Needs OVN for the peer, and root for the packets.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import vswitch_bridges, vswitch_path, vswitch_policies, vswitch_scale
from benchmarks.xds_book import Book
from benchmarks.xds_process import ProcessError
from tests.devices.ovs import OvsError

Scenario = Callable[[Book, Path], None]
SCENARIOS: dict[str, Scenario] = {
    "policies": vswitch_policies.scenario,
    "bridges": vswitch_bridges.scenario,
    "scale": vswitch_scale.scenario,
    "packets": vswitch_path.scenario,
}
FAULTS = (ProcessError, OvsError, OSError, ValueError, KeyError, RuntimeError)


def main(wanted: list[str]) -> int:
    """Measure, print and keep the figures and raw numbers; return 1 if a scenario failed."""
    unknown = set(wanted) - SCENARIOS.keys()
    if unknown:
        print(f"no scenario {', '.join(sorted(unknown))}: choose of {', '.join(SCENARIOS)}")
        return 2
    book = Book("vswitch")
    return book.measure(
        wanted or SCENARIOS, lambda name, scratch: SCENARIOS[name](book, scratch), FAULTS
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

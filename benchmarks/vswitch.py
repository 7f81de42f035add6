"""The vswitch layer: changes beside OVN, the cost of scale, and what the pipeline costs packets.

``python -m benchmarks.vswitch [SCENARIO ...]``, all of them by default; ``QUICK=1`` takes fewer
policies, rounds and runs. Needs OVN for the peer, and root for the packets.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import vswitch_path, vswitch_policies, vswitch_scale
from benchmarks.xds_book import Book
from benchmarks.xds_process import ProcessError
from tests.devices.ovs import OvsError

Scenario = Callable[[Book, Path], None]
SCENARIOS: dict[str, Scenario] = {
    "policies": vswitch_policies.scenario,
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
    faults = []
    with tempfile.TemporaryDirectory(prefix="fsdn-bench-") as scratch:
        for name in wanted or SCENARIOS:
            try:
                SCENARIOS[name](book, Path(scratch))
            except FAULTS as error:  # the others are still worth having
                faults.append(f"{name}: {error}")
                book.say(f"{name} failed: {error}")
    book.end(faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

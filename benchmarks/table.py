"""Print kept figures as a table for the documentation: ``python -m benchmarks.table xds``."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.report import RESULTS

HEAD = "| figure | ours | peer | ratio | target | met |\n|---|---|---|---|---|---|"


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows in Markdown."""
    return "\n".join([HEAD, *(_row(row) for row in rows)])


def _row(row: dict[str, Any]) -> str:
    peer = shown(row["peer_value"], row["unit"])
    if row["peer_value"] is None and row["peer"]:
        peer = row["peer"].rpartition(": ")[2]  # why there is no value
    met = {True: "yes", False: "no", None: "-"}[row["met"]]
    ratio, target = shown(row["ratio"], ""), shown(row["target"], "")
    cells = row["figure"], shown(row["value"], row["unit"]), peer, ratio, target, met
    return f"| {' | '.join(cells)} |"


def shown(value: float | None, unit: str) -> str:
    """Return a number with three digits that count, and its unit."""
    if value is None:
        return "-"
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}".rstrip()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(table(json.loads((RESULTS / f"{name}.json").read_text())))

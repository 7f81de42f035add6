"""What checkers found unhealthy, in a file of the state directory: a restart must not forget it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from xds_server.protocols.reports.health import Checked, Health

FILE = "health.json"
Row = tuple[str, Checked, Health]  # who says so


def save_health(state: Path, rows: Iterable[Row]) -> None:
    """Replace the file in one step. Raises OSError where that cannot be."""
    path = state / FILE
    fresh = path.with_suffix(".new")
    told = [[node, one.cluster, one.address, one.port, health.name] for node, one, health in rows]
    fresh.write_text(json.dumps(told, indent=0) + "\n")
    fresh.replace(path)


def load_health(state: Path) -> tuple[Row, ...]:
    """Return what the file holds, nothing if there is none. Raises ValueError for another form."""
    try:
        told = json.loads((state / FILE).read_text())
    except FileNotFoundError:
        return ()
    if not isinstance(told, list):
        raise ValueError("it is no list")
    return tuple(_row(one) for one in told)


def _row(told: object) -> Row:
    kinds = [str, str, str, int, str]
    if not isinstance(told, list) or [type(one) for one in told] != kinds:
        raise ValueError(f"{told!r} is no row")
    node, cluster, address, port, health = told
    if health not in Health.__members__:
        raise ValueError(f"{health} is no health")
    return node, Checked(cluster, address, port), Health[health]

"""What a change did, or would do, as lines and tables."""

from __future__ import annotations

from collections import Counter
from typing import Any

from xds_server.cli.output import clock, complain, say, table, write

_MARKS = {"added": "+", "changed": "~", "moved": "=", "removed": "-"}


def findings(diagnostics: list[dict[str, Any]]) -> None:
    """Print findings to standard error, one a line, as compilers do."""
    for diagnostic in diagnostics:
        complain(diagnostic["text"])


def outcome(told: dict[str, Any]) -> None:
    """Print what changed: objects, meaning, devices."""
    for change in told["changes"]:
        if change["change"] != "moved":
            mark = _MARKS[change["change"]]
            say(f"{mark} {change['key']}  ({change['file']}:{change['line']})")
    moved = sum(1 for change in told["changes"] if change["change"] == "moved")
    if moved:
        say(f"= {moved} object(s) at another line or file, unchanged otherwise")
    if told["meaning"]:
        counts = Counter((c["kind"], c["change"]) for c in told["meaning"])
        parts = [f"{n} {kind} {change}" for (kind, change), n in sorted(counts.items())]
        say(f"meaning: {', '.join(parts)}")
    devices(told["devices"])


def names(told: dict[str, Any]) -> None:
    """Print the key of each object that is added, changed or removed, one a line."""
    for change in told["changes"]:
        if change["change"] != "moved":
            write(change["key"])


def meaning(told: dict[str, Any]) -> None:
    """Print every change in meaning."""
    if told["meaning"]:
        table(
            ("CHANGE", "KIND", "NAME", "DETAIL"),
            ((c["change"], c["kind"], c["name"], c["detail"]) for c in told["meaning"]),
        )


def folder(one: dict[str, Any]) -> None:
    """Print what of a folder is served; why its last reading is not goes to standard error."""
    served = f"{one['count']} {one['name']} served, {one['nodes']} nodes have a folder of their own"
    checking = f", {one['checkers']} nodes check endpoints" if one["checkers"] else ""
    say(f"{one['path']}: {served}{checking}")
    if one["state"] == "refused":
        complain(f"{one['path']} is refused since {clock(one['at'])}, the last good set is served")
        if one["error"]:
            complain(one["error"])
    findings(one["findings"])


def devices(impacts: list[dict[str, Any]]) -> None:
    """Print how much is written to each device."""
    if not impacts:
        return
    table(
        ("DEVICE", "UNIT", "ADDED", "CHANGED", "REMOVED"),
        (
            (i["device"], i["unit"], str(i["added"]), str(i["changed"]), str(i["removed"]))
            for i in impacts
        ),
    )

"""How answers are printed: tables for people, JSON and YAML for programs, names for pipes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from xds_server.cli.context import shared


class Form(StrEnum):
    """The value of -o."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


Output = Annotated[Form, typer.Option("-o", "--output", help="How to print the answer.")]

_COLORS = {
    "SYNCED": "green",
    "allow": "green",
    "STALE": "yellow",
    "warning": "yellow",
    "DISCONNECTED": "yellow",
    "NEVER": "dim",
    "UNKNOWN": "magenta",
    "NACKED": "red",
    "HEALTHY": "green",
    "UNHEALTHY": "red",
    "deny": "red",
    "added": "green",
    "changed": "yellow",
    "removed": "red",
}


def structured(value: Any, form: Form) -> bool:
    """Print JSON or YAML if that was asked for; return whether it was."""
    if form is Form.JSON:
        write(json.dumps(value, indent=2, ensure_ascii=False))
    elif form is Form.YAML:
        write(to_yaml(value).rstrip("\n"))
    return form in (Form.JSON, Form.YAML)


def to_yaml(value: Any) -> str:
    """Return plain values as YAML in their own order."""
    from yaml import CSafeDumper, dump

    return dump(
        value,
        Dumper=CSafeDumper,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=True,
        width=4096,
    )


def write(text: str) -> None:
    """Print text exactly, for programs."""
    sys.stdout.write(text + "\n")


def say(text: str) -> None:
    """Print a line for people."""
    shared.out.print(escape(text), soft_wrap=True)


def complain(text: str) -> None:
    """Print a line for people to standard error."""
    shared.err.print(escape(text), soft_wrap=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings in columns, one line a row, whatever the terminal's width.

    A line that is too long for the terminal is folded by it, and stays one line in a pipe.
    """
    body = [list(row) for row in rows]
    widths = [max(len(line[i]) for line in [list(headings), *body]) for i in range(len(headings))]
    shared.out.print(_line(headings, widths, "bold"), soft_wrap=True)
    for row in body:
        shared.out.print(_line(row, widths), soft_wrap=True)


def under(text: str) -> None:
    """Print a line that belongs to the row above it."""
    shared.out.print(f"    [dim]{escape(text)}[/dim]", soft_wrap=True)


def _line(cells: Sequence[str], widths: Sequence[int], style: str = "") -> str:
    last = len(cells) - 1
    parts = []
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        color = style or _COLORS.get(cell.partition(" ")[0], "")
        text = f"[{color}]{escape(cell)}[/{color}]" if color else escape(cell)
        parts.append(text + " " * (0 if index == last else width - len(cell)))
    return "  ".join(parts).rstrip()


def clock(at: float) -> str:
    """Return a moment, in seconds since the epoch, as date and time (UTC)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def seconds(value: float) -> str:
    """Return a duration as people read it."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"

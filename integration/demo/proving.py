"""Steps with their times, claims as they are tried, and the table of them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from integration.bed.build import Bed
from integration.scenarios.shop import Row

Proof = tuple[str, Callable[[Bed], Row]]


@contextmanager
def step(console: Console, title: str) -> Iterator[None]:
    """Show a step while it runs, and how long it took when it is done."""
    began = time.monotonic()
    with console.status(title):
        yield
    console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - began:.1f} s[/]")


def prove(bed: Bed, proofs: Sequence[Proof], console: Console) -> list[Row]:
    """Try every claim, showing each as it is tried."""
    rows = []
    for title, proof in proofs:
        with console.status(f"proving: {title}"):
            rows.append(proof(bed))
        mark = "[green]✓[/]" if rows[-1].holds else "[bold red]✗[/]"
        console.print(f"{mark} {rows[-1].claim}")
    return rows


def summary(rows: Sequence[Row], logs: Path, console: Console) -> int:
    """Print the table of claims; return 0 if all of them hold."""
    shown = Table(title="What holds", title_justify="left", show_lines=True)
    shown.add_column("claim", ratio=2)
    shown.add_column("measured", ratio=3)
    shown.add_column("holds", justify="center")
    for row in rows:
        shown.add_row(row.claim, row.shown, "[green]yes[/]" if row.holds else "[bold red]NO[/]")
    console.print(shown)
    failed = sum(not row.holds for row in rows)
    if failed:
        console.print(
            f"[bold red]{failed} of {len(rows)} claims do not hold[/]; logs are in {logs}"
        )
    return 1 if failed else 0

"""What the demo can show without root: the server, an Envoy and HTTP servers, all on loopback."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console


def run(root: Path, console: Console) -> int:
    return 0

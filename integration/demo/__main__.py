"""Raise the bed, apply the shop's policy, prove it by traffic, and take everything down again."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from integration import rootless
from integration.bed.build import tear_down
from integration.bed.netns import BedError
from integration.demo.lock import LockedError, only_one
from integration.demo.run import run

PREFIX = "fsdnbed"
ROOT = Path(__file__).parents[2] / ".bed"


def main() -> int:
    """Return 0 only if every claim holds."""
    parser = argparse.ArgumentParser(prog="python -m integration.demo", description=__doc__)
    parser.add_argument("--down", action="store_true", help="only take down what still stands")
    parser.add_argument("--keep", action="store_true", help="leave the bed standing (or KEEP=1)")
    given = parser.parse_args()
    console = Console(highlight=False)
    if not privileged():
        return 0 if given.down else rootless.enter(ROOT, console)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        with only_one():
            if given.down:
                return down(console)
            keep = given.keep or os.environ.get("KEEP", "") not in ("", "0")
            return run(PREFIX, ROOT, console, keep)
    except (BedError, LockedError) as error:
        console.print(f"[bold red]✗[/] {error}", markup=True, soft_wrap=True)
    except KeyboardInterrupt:
        console.print("interrupted; the bed is down")
    return 1


def privileged() -> bool:
    """Whether namespaces can be had: root in a container may not be enough."""
    made = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, check=False)
    return made.returncode == 0


def down(console: Console) -> int:
    """Take down what an earlier run left."""
    removed = tear_down(PREFIX, Path("/run") / PREFIX)
    console.print(f"removed {len(removed)} namespaces" if removed else "nothing was standing")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A measured process: pinned to a core, commanded by JSON lines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SERVER_CORE, GENERATOR_CORE = "0", "1"


class ProcessError(RuntimeError):
    """A measured process refused a command or is gone."""


class Pinned:
    """One process on one core; a context manager that ends it."""

    def __init__(self, core: str, *command: str) -> None:
        self._command = command
        self._process = subprocess.Popen(
            ["taskset", "-c", core, *command],
            cwd=ROOT,
            env={**os.environ, "GOMAXPROCS": "1", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Pinned:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def waited_ms(self) -> float:
        """Return how long its threads were ready but others had the core; see sched(7)."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[1]) for task in tasks) / 1e6

    def hear(self) -> dict[str, Any]:
        """Return the next answer; ProcessError if it is an error or there is none."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ProcessError(f"{self._command} ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ProcessError(f"{self._command}: {answer['error']}")
        return answer

    def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        """Give a command and return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        return self.hear()


def build_peers() -> str:
    """Compile the Go programs and return their path; ProcessError where there is no Go."""
    if shutil.which("go") is None:
        raise ProcessError("the load generator and the peer are Go programs: install Go 1.26")
    binary = ROOT / "build" / "peers"
    subprocess.run(
        ["go", "build", "-buildvcs=false", "-o", binary, "."],
        cwd=Path(__file__).parent / "peers",
        check=True,
    )
    return str(binary)


def subjects(peers: str) -> dict[str, tuple[str, ...]]:
    """Return the command lines of the servers that are compared."""
    return {
        "fsdn": (sys.executable, "-m", "benchmarks.xds_ours"),
        "go-control-plane": (peers, "serve"),
    }

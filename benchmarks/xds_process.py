"""A measured process: pinned to a core, commanded by JSON lines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.neighbours import family
from xds_server.polling import choice

ROOT = Path(__file__).parents[1]
SERVER_CORE, GENERATOR_CORE = "0", "1"


class ProcessError(RuntimeError):
    """A measured process refused a command or is gone."""


class Pinned:
    """One process on one core; a context manager that ends it."""

    def __init__(self, core: str, *command: str, errors: IO[str] | None = None) -> None:
        self._command = command
        self._process = subprocess.Popen(
            ["taskset", "-c", core, *command],
            cwd=ROOT,
            env={**choice(), **os.environ, "GOMAXPROCS": "1", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def __enter__(self) -> Pinned:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def waited_ms(self) -> float:
        """Return how long its threads were ready but others had the core."""
        return self._schedule(1)

    def _schedule(self, field: int) -> float:
        return _scheduled(self._process.pid, field)

    def end(self) -> None:
        """Ask it to end, and wait."""
        self._process.terminate()
        self._process.wait(10)

    def family_cpu_ms(self) -> float:
        """Return how long it and its children have had a core."""
        return sum(_scheduled(pid, 0) for pid in family(self._process.pid))

    def family_memory_kib(self) -> float:
        """Return what it and its children take, what they share counted once (Pss)."""
        pages = (Path(f"/proc/{pid}/smaps_rollup") for pid in family(self._process.pid))
        rows = (line for page in pages for line in page.read_text().splitlines())
        return sum(float(row.split()[1]) for row in rows if row.startswith("Pss:"))

    def _ran_ms(self) -> float:
        """Return how long its threads have had a core; asking costs it nothing."""
        return self._schedule(0)

    def quiet(self, least: float, patience: float = 30.0) -> float:
        """Wait until it does nothing for half a second, ``least`` s or longer; return ms waited."""
        start = busy = time.monotonic()
        before = self._ran_ms()
        while (now := time.monotonic()) - start < patience:
            time.sleep(0.01)
            if self._ran_ms() - before > 2:
                before, busy = self._ran_ms(), time.monotonic()
            elif now - busy > 0.5 and now - start > least:
                break
        return (busy - start) * 1000

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


def _scheduled(pid: int, field: int) -> float:
    """Return the ms that a field of a process's threads' schedstat counts in ns; see sched(7)."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[field]) for task in tasks) / 1e6


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


@dataclass(frozen=True, slots=True)
class Subject:
    """A server that is compared; ``each``: its command where every node has its own snapshot."""

    name: str
    command: tuple[str, ...]
    each: tuple[str, ...]


def subjects(peers: str) -> tuple[Subject, Subject]:
    """Return ours and the peer's."""
    ours = (sys.executable, "-m", "benchmarks.xds_ours")
    return (
        Subject("fsdn", ours, ours),
        Subject("go-control-plane", (peers, "serve"), (peers, "serve-each")),
    )

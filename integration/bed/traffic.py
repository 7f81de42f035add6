"""Traffic between workloads of the bed: asked once, or kept up in the background, and counted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.bed.netns import BedError, Namespace

CLIENT = (sys.executable, "-m", "integration.bed.client")
PROBE = (sys.executable, "-m", "integration.bed.probe")


@dataclass(frozen=True, slots=True)
class Report:
    """What a load client counted; times in milliseconds."""

    answered: int
    failed: int
    failures: tuple[str, ...]
    statuses: Mapping[str, int]
    names: Mapping[str, int]
    peers: Mapping[str, int]
    gap_ms: float
    p50_ms: float
    p99_ms: float

    @property
    def unanswered(self) -> bool:
        """Whether nothing at all came back."""
        return self.answered == 0 and self.failed > 0

    def share(self, name: str) -> float:
        """Return the part of the answers that this server gave, 0 to 1."""
        return self.names.get(name, 0) / max(1, sum(self.names.values()))


def ask(namespace: Namespace, url: str, count: int = 1, **options: float | str) -> Report:
    """Make requests from a namespace; options as of ``integration.bed.client``."""
    flags = [f"--{name}={value}" for name, value in options.items()]
    return _report(namespace.run(*CLIENT, url, f"--count={count}", *flags))


def _report(text: str) -> Report:
    told = json.loads(text)
    return Report(**{**told, "failures": tuple(told["failures"])})


class Running:
    """A client in the background; what it counted is there once it has been stopped."""

    def __init__(self, namespace: Namespace, argv: tuple[str, ...]) -> None:
        command = namespace.command(*argv, "--until-eof")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # the client's empty line: it heeds its standard input now

    def stop(self) -> str:
        """End it and return what it printed; BedError if it had failed."""
        out, errors = self._process.communicate(timeout=60)  # ends its standard input
        if self._process.returncode:
            raise BedError(f"a client ended with {self._process.returncode}: {errors.strip()}")
        return out

    def kill(self) -> None:
        """End it at once; harmless when it has ended already."""
        self._process.kill()
        self._process.wait()


@contextmanager
def load(
    namespace: Namespace,
    url: str,
    connections: int = 4,
    interval: float = 0.01,
    header: str = "",
) -> Iterator[Callable[[], Report]]:
    """Keep requests going; the yielded function stops them and returns their report."""
    flags = [f"--connections={connections}", f"--interval={interval}"]
    if header:
        flags.append(f"--header={header}")
    client = Running(namespace, (*CLIENT, url, *flags))
    with _ended(client):
        yield lambda: _report(client.stop())


@contextmanager
def probing(namespace: Namespace, address: str) -> Iterator[Callable[[], dict[str, Any]]]:
    """Probe an echo of the bed; the yielded function stops it and returns its sums."""
    client = Running(namespace, (*PROBE, address))
    with _ended(client):
        yield lambda: dict(json.loads(client.stop()))


@contextmanager
def _ended(client: Running) -> Iterator[None]:
    try:
        yield
    finally:
        client.kill()


def envoy_requests(namespace: Namespace, admin: Path) -> int:
    """Return how many requests an Envoy has taken in, by the counters at its admin socket."""
    argv = ["curl", "-sSf", "-m", "5", "--unix-socket", str(admin)]
    found = namespace.run(*argv, "http://admin/stats?filter=downstream_rq_total&usedonly")
    pairs = (line.split(": ") for line in found.splitlines())
    return sum(int(v) for name, v in pairs if name.startswith("http.") and ".admin." not in name)

"""Envoy under watch: started in the proxy's namespace, found again, and restarted with back-off.

Envoy outlives the agent on purpose: an agent that is upgraded must not cut anyone's requests. The
next agent finds it by its pid file, and starts another only when the bootstrap has changed.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

POLL = 0.5  # seconds between looks at the process
STEADY = 30.0  # seconds after which a start counts as good
SHORTEST, LONGEST = 0.5, 30.0  # seconds of back-off

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EnvoyPlace:
    """Where an Envoy runs and what is kept of it: bootstrap, pid and log in ``directory``."""

    program: str
    namespace: str
    directory: Path
    concurrency: int = 0  # worker threads; 0: one for each processor

    @property
    def config(self) -> Path:
        """The bootstrap file."""
        return self.directory / "envoy.yaml"

    @property
    def pid_file(self) -> Path:
        """The file that holds the process id."""
        return self.directory / "envoy.pid"

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that starts it."""
        enter = ("nsenter", f"--net=/run/netns/{self.namespace}", "--")
        workers = ("--concurrency", str(self.concurrency)) if self.concurrency else ()
        options = ("--disable-hot-restart", "--log-level", "warning")
        return (*enter, self.program, "-c", str(self.config), *workers, *options)


def running(place: EnvoyPlace) -> int | None:
    """Return the process id of this place's Envoy, if it runs."""
    try:
        pid = int(place.pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(place.config) in command.split(b"\0") else None


def settle(place: EnvoyPlace, bootstrap: str) -> None:
    """Write the bootstrap; an Envoy that runs by another one is ended."""
    if place.config.exists() and place.config.read_text() == bootstrap:
        return
    pid = running(place)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
    place.directory.mkdir(parents=True, exist_ok=True)
    place.config.write_text(bootstrap)


def start(place: EnvoyPlace) -> subprocess.Popen[bytes]:
    """Start Envoy in a session of its own and keep its process id."""
    with (place.directory / "envoy.log").open("ab") as out:
        process = subprocess.Popen(
            place.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    place.pid_file.write_text(str(process.pid))
    return process


def delays(rng: random.Random) -> Iterator[float]:
    """Yield the seconds to wait before each restart: doubling, with jitter, up to LONGEST."""
    span = SHORTEST
    while True:
        yield span * rng.uniform(0.5, 1.0)
        span = min(span * 2, LONGEST)


async def watch(place: EnvoyPlace, rng: random.Random) -> None:
    """Keep one Envoy running until cancelled; it is left running then."""
    waits = delays(rng)
    while True:
        began = time.monotonic()
        pid = await _stay(place)
        log.warning("envoy ended", pid=pid, log=str(place.directory / "envoy.log"))
        if time.monotonic() - began > STEADY:
            waits = delays(rng)
        await asyncio.sleep(next(waits))


async def _stay(place: EnvoyPlace) -> int:
    """Return the process id of the running (else newly started) Envoy once it has ended."""
    pid = running(place)
    process = start(place) if pid is None else None
    log.info("envoy runs", pid=process.pid if process else pid, adopted=process is None)
    while process.poll() is None if process else running(place) is not None:
        await asyncio.sleep(POLL)
    return process.pid if process else pid or 0

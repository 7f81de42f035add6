"""The controller of the bed: ``fsdn serve`` in the management namespace, and ``fsdn`` beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.bed.layout import Layout
from integration.bed.netns import BedError

FSDN = str(Path(sys.executable).with_name("fsdn"))
API, XDS, OPENFLOW, OVSDB = 8600, 18000, 6653, 6640


@dataclass(frozen=True, slots=True)
class Controller:
    """Where the controller is and keeps its state; it may run or not."""

    layout: Layout

    @property
    def state(self) -> Path:
        """Its state directory."""
        return self.layout.root / "server"

    @property
    def token_file(self) -> Path:
        """The file with the bearer token, made by the first start."""
        return self.state / "token"

    @property
    def api(self) -> str:
        """The URL of its REST API."""
        return f"http://{self.layout.controller}:{API}"

    def start(self, patience: float = 30.0) -> subprocess.Popen[bytes]:
        """Start it and wait, at most ``patience`` seconds, until it is ready."""
        address = self.layout.controller
        argv = [FSDN, "serve", "--state", str(self.state), "--insecure"]
        argv += ["--api", f"{address}:{API}", "--xds", f"{address}:{XDS}"]
        argv += ["--openflow", f"{address}:{OPENFLOW}", "--ovsdb", f"{address}:{OVSDB}"]
        log = self.layout.root / "server.log"
        process = self.layout.management.spawn(argv, log)
        deadline = time.monotonic() + patience
        while not self._ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise BedError(f"the server is not ready; its log {log} ends:\n{tail(log)}")
            time.sleep(0.1)
        return process

    def _ready(self) -> bool:
        probe = ("curl", "-sf", "-m", "1", "-o", "/dev/null", f"{self.api}/readyz")
        command = self.layout.management.command(*probe)
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def fsdn(self, *arguments: str, may_fail: bool = False, text: str | None = None) -> str:
        """Run the command line against it and return what it prints; ``text`` is its input.

        Raises BedError with the command's own words when it fails, unless it may.
        """
        done = subprocess.run(
            self.layout.management.command(FSDN, *arguments),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "FSDN_STATE": str(self.state), "NO_COLOR": "1"},
        )
        if done.returncode and not may_fail:
            said = (done.stderr + done.stdout).strip()
            raise BedError(f"`fsdn {' '.join(arguments)}` ended with {done.returncode}: {said}")
        return done.stdout

    def ask(self, path: str) -> Any:
        """Return the answer of its REST API to GET ``path``; BedError when there is none."""
        # The token goes in by standard input: a command line can be read by everyone.
        secret = f'header = "Authorization: Bearer {self.token_file.read_text().strip()}"\n'
        argv = ("curl", "-sS", "--fail-with-body", "-m", "65", "-K", "-", f"{self.api}{path}")
        return json.loads(self.layout.management.run(*argv, text=secret))

    def unsettled(self, expected: Collection[str]) -> tuple[str, ...]:
        """Return which of the expected devices (``kind/name``) do not run what they should."""
        states = {d["device"]: d["state"] for d in self.ask("/v1/status")["devices"]}
        found = {name: states.get(name, "NEVER") for name in expected}
        return tuple(f"{n} {state}" for n, state in sorted(found.items()) if state != "SYNCED")


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a program at once, as a power cut would."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])

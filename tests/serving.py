"""A real ``fsdn serve`` on ports of its own, and the command line pointed at it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.waiting import PATIENCE

FSDN = str(Path(sys.executable).with_name("fsdn"))
SHOP = Path(__file__).parents[1] / "examples" / "shop"


class Serving:
    """A server process on a state directory; start it again to see what it remembers."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        self.options = options
        self.log = state.parent / f"{state.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.listen = "127.0.0.1"
        self._ports = {"api": 0, "xds": 0, "openflow": 0, "ovsdb": 0}

    def __enter__(self) -> "Serving":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, after a kill on the same ports, and wait until it is ready."""
        (self.state / "endpoints.json").unlink(missing_ok=True)
        listen = [f"--{name}={self.listen}:{port}" for name, port in self._ports.items()]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [FSDN, "serve", "--state", str(self.state), *listen, *self.options],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server is not ready: {self.log.read_text()}")
            time.sleep(0.05)
        self._ports = {name: self.port(name) for name in self._ports}

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoints()['api']}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, ValueError):
            return False

    def endpoints(self) -> dict[str, str]:
        """Return where it listens."""
        return dict(json.loads((self.state / "endpoints.json").read_text()))

    def port(self, name: str) -> int:
        """Return the port of one listener."""
        return int(self.endpoints()[name].rpartition(":")[2])

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def fsdn(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run the command line against it."""
        return fsdn(*arguments, state=self.state, stdin=stdin)

    def ask(self, path: str) -> Any:
        """Return its API's answer to a GET."""
        return json.loads(self.ask_text(path))

    def ask_text(self, path: str) -> str:
        """Return its API's answer to a GET as it is."""
        token = (self.state / "token").read_text().strip()
        request = urllib.request.Request(
            self.endpoints()["api"] + path, headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def devices(self) -> dict[str, dict[str, Any]]:
        """Return the state of every device, by name."""
        return {device["device"]: device for device in self.ask("/v1/status")["devices"]}

    def in_step(self, *names: str) -> bool:
        """Whether these devices have acknowledged what they should run.

        One that has just come is SYNCED too: nothing was asked of it yet.
        """
        found = self.devices()
        return all(
            found[name]["connected"]
            and found[name]["state"] == "SYNCED"
            and found[name]["types"]
            and None not in written(found[name])
            for name in names
        )


def written(device: dict[str, Any]) -> set[int | None]:
    """Return how much a device's acknowledgements had to send, None for what has none."""
    return {kind["written"] for kind in device["types"]}


def fsdn(
    *arguments: str, state: Path, stdin: str = "", **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command line with a state directory."""
    return subprocess.run(
        [FSDN, *arguments],
        env={**os.environ, "FSDN_STATE": str(state), "NO_COLOR": "1", **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

"""From ``apply`` to the last proxy's acknowledgement, through a whole ``fsdn serve``.

A server as users run it, with SQLite, on one core; the change comes over REST, and moves one
endpoint of a service that the proxies of all hosts serve.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.report import QUICK, figure
from benchmarks.xds_book import Book
from benchmarks.xds_fleet_policy import DOOR, ROUTE, endpoint, text
from benchmarks.xds_process import GENERATOR_CORE, SERVER_CORE, Pinned, ProcessError
from benchmarks.xds_session import NODE_KIB

HOSTS = (100,) if QUICK else (100, 1000, 5000)
ROUNDS = 5 if QUICK else 20
TARGET_MS = {100: 30.0, 1000: 200.0, 5000: 1200.0}
DIALECT = "delta"  # what our bootstraps use
LONGEST = 60.0 if QUICK else 90.0  # s that a single apply may take
ENOUGH = 20.0 if QUICK else 60.0  # s that all rounds may take
_READY = 30.0
Files = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Applied:
    """One change in ms: REST, reading and compiling; the commit and telling devices; the rest."""

    compile: float
    commit: float
    push: float
    waited_ms: float = 0.0

    @property
    def whole(self) -> float:
        """From the request until the last acknowledgement was read."""
        return self.compile + self.commit + self.push


class Serve:
    """A running ``fsdn serve``, its API and its log."""

    def __init__(self, process: Pinned, state: Path, log: Path) -> None:
        self.process = process
        self._state = state
        self._log = log
        found = json.loads((state / "endpoints.json").read_text())
        self.ports = {name: int(found[name].rpartition(":")[2]) for name in ("xds", "openflow")}
        token = (state / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        self._api = httpx.Client(base_url=found["api"], headers=headers, timeout=LONGEST)

    def apply(self, policy: str, name: str) -> int:
        """Apply a text and return the revision; ProcessError where that fails or takes too long."""
        body = {"files": [{"name": name, "text": policy}], "author": "bench", "message": name}
        try:
            answer = self._api.post("/v1/apply", json=body)
        except httpx.TimeoutException as error:
            raise ProcessError(f"apply took more than {LONGEST:g} s") from error
        if answer.status_code != 200:
            raise ProcessError(f"apply: {answer.status_code} {answer.text[:500]}")
        return int(answer.json()["revision"])

    def reached(self, number: int) -> dict[str, Any]:
        """Wait as the command does until every proxy runs a revision, and return it."""
        where = f"/v1/revisions/{number}"
        waited = self._api.get(f"{where}/wait", params={"timeout": LONGEST - 1}).json()
        if not waited["reached"]:
            raise ProcessError(f"revision {number} did not reach all proxies in {LONGEST:g} s")
        found: dict[str, Any] = self._api.get(where).json()
        return found

    def ask(self, path: str, **parameters: str | int) -> dict[str, Any]:
        """Return the answer to a question; ProcessError where there is none."""
        answer = self._api.get(path, params=parameters)
        if answer.status_code != 200:
            raise ProcessError(f"{path}: {answer.status_code} {answer.text[:500]}")
        return dict(answer.json())

    def command(self, *words: str) -> str:
        """Return what ``fsdn explain`` prints for these words, run as a user runs it."""
        command = [str(Path(sys.executable).with_name("fsdn")), "explain", *words]
        environment = {**os.environ, "FSDN_STATE": str(self._state)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode not in {0, 3}:  # allowed, denied
            raise ProcessError(f"fsdn explain: {done.stderr}")
        return done.stdout

    def committed(self, number: int) -> float:
        """Return when the log says that a revision was stored, in seconds since the epoch."""
        for line in reversed(self._log.read_text().splitlines()):
            if '"committed"' in line and (found := json.loads(line))["revision"] == number:
                return datetime.fromisoformat(found["timestamp"]).timestamp()
        raise ProcessError(f"the log does not tell of revision {number}")


@contextmanager
def serving(directory: Path, core: str = SERVER_CORE) -> Iterator[Serve]:
    """Run a server with a state directory of its own, on one core or a list of them."""
    state, log = directory / "state", directory / "log"
    listen = [f"--{name}=127.0.0.1:0" for name in ("api", "xds", "openflow", "ovsdb")]
    fsdn = str(Path(sys.executable).with_name("fsdn"))
    command = [fsdn, "serve", "--state", str(state), "--log-format=json", *listen]
    with log.open("w") as errors, Pinned(core, *command, errors=errors) as process:
        deadline = time.monotonic() + _READY
        while not (state / "endpoints.json").exists():
            if time.monotonic() > deadline:
                raise ProcessError(f"fsdn serve does not listen: {log.read_text()[-500:]}")
            time.sleep(0.05)
        yield Serve(process, state, log)


def scenario(book: Book, peers: str, scratch: Path) -> None:
    """Measure every size of the fleet; after one that takes too long, no larger one is tried."""
    fault: ProcessError | None = None
    for hosts in HOSTS:
        book.say(f"fsdn serve, {hosts} hosts")
        try:
            if fault is not None:
                raise fault
            first, rounds = _measured(book, peers, hosts, scratch)
        except ProcessError as error:
            fault = error
            name = _name(hosts, f"p99: given up after {LONGEST:g} s")
            book.add(figure(name, LONGEST * 1000, "ms", target=TARGET_MS.get(hosts)))
        else:
            book.raw({"hosts": hosts, "first_s": first, "rounds": [asdict(r) for r in rounds]})
            _figures(book, hosts, first, rounds)
    if fault is not None:
        raise fault


def _measured(book: Book, peers: str, hosts: int, scratch: Path) -> tuple[float, list[Applied]]:
    """Return the seconds of the first apply, and the rounds that fit into the time."""
    with (
        TemporaryDirectory(dir=scratch) as directory,
        serving(Path(directory)) as server,
        Pinned(GENERATOR_CORE, peers, "load") as generator,
    ):
        start = time.monotonic()
        server.apply(text(hosts), "fleet.yaml")
        first = time.monotonic() - start
        book.say(f"  the whole policy took {first:.1f} s")
        _open(generator, hosts, server.ports["xds"])
        rounds: list[Applied] = []
        start = time.monotonic()
        while len(rounds) <= ROUNDS and time.monotonic() - start < ENOUGH:
            rounds.append(_round(server, len(rounds) + 1))
        generator.ask("received")  # raises where a stream has broken
    return first, rounds[1:] or rounds  # the first one after all have connected warms up


def _open(generator: Pinned, hosts: int, port: int) -> None:
    generator.ask(
        "open",
        streams=hosts,
        dialect=DIALECT,
        port=port,
        node_kib=NODE_KIB,
        names=[DOOR],
        routes=[ROUTE],
    )
    time.sleep(3.0)  # a new stream holds removals back for 2 s


def _round(server: Serve, number: int) -> Applied:
    waited = server.process.waited_ms()
    start = time.time()
    revision = server.apply(endpoint(0, number % 250), "web-0.yaml")
    found = server.reached(revision)
    stored = server.committed(revision)
    last = found["at"] + found["acked_after"]
    return Applied(
        (found["at"] - start) * 1000,
        (stored - found["at"]) * 1000,
        (last - stored) * 1000,
        server.process.waited_ms() - waited,
    )


def _figures(book: Book, hosts: int, first: float, rounds: list[Applied]) -> None:
    wholes = sorted(one.whole for one in rounds)
    waited = sum(one.waited_ms for one in rounds)
    p99 = wholes[max(0, -(-99 * len(wholes) // 100) - 1)]
    book.waited(f"apply to last ACK, {len(rounds)} rounds", waited, sum(wholes))

    def add(what: str, value: float, target: float | None = None) -> None:
        book.add(figure(_name(hosts, what), value, "ms", target=target))

    add("p50", statistics.median(wholes))
    add("p99", p99, TARGET_MS.get(hosts))
    add("of it REST, reading and compiling, p50", statistics.median(r.compile for r in rounds))
    add("of it the commit and telling devices, p50", statistics.median(r.commit for r in rounds))
    add("of it from there to the last ACK, p50", statistics.median(r.push for r in rounds))
    book.add(figure(f"apply, {hosts} hosts: the whole policy at first", first * 1000, "ms"))


def _name(hosts: int, what: str) -> str:
    return f"apply, {hosts} hosts: one endpoint moved, to the last ACK, {what}"

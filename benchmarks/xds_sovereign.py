"""sovereign, an xDS server in Python that Envoy polls over REST, where it does what ours does.

1,000 clusters to 100 clients. sovereign speaks neither gRPC nor delta, and does not know what a
client acknowledged; its clients learn of a change at their next poll. It is run as its manual says:
its own command with one worker for the one core, a Python template over a JSON file that it reads
every second, no access log. The clients' interval is the shortest that takes half of its core.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.report import QUICK
from benchmarks.xds_book import Book
from benchmarks.xds_content import many_clusters
from benchmarks.xds_process import ROOT, SERVER_CORE, Pinned, ProcessError, subjects
from benchmarks.xds_session import Session
from xds_server.protocols.xds.resource_types import CLUSTER

VERSION = "0.32.12"
PEER = f"sovereign {VERSION}"
CLIENTS = 100
CLUSTERS = 1000
ROUNDS = 1 if QUICK else 3
AT_ONCE = 4  # polls, so that the server never waits for its client
POLLS = 20 if QUICK else 60
_VENV = ROOT / "build" / "sovereign"
_PATH = "/v3/discovery:clusters"

TEMPLATE = """\
def call(instances, **_):
    yield from instances
"""

CONFIG = """\
templates:
  default:
    - type: clusters
      spec: {{protocol: python, serialization: raw, path: {directory}/clusters.py}}
sources:
  - type: file
    scope: default
    config: {{spec: {{protocol: file, serialization: json, path: {directory}/clusters.json}}}}
source_config: {{refresh_rate: 1}}
matching: {{enabled: false}}
logging: {{access_logs: {{enabled: false}}}}
"""


@dataclass(slots=True)
class Found:
    """What one server took: ms and us of CPU, MiB in all, clients a second."""

    to_all_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)


def scenario(book: Book, peers: str, scratch: Path) -> None:
    """Install sovereign into an environment of its own, and measure both."""
    try:
        install()
    except (OSError, subprocess.CalledProcessError) as error:
        book.say(f"sovereign is left out, it cannot be installed: {error}")
        return
    book.say(f"fsdn, {CLUSTERS} clusters to {CLIENTS} clients")
    ours = _ours(peers, scratch)
    book.say(f"{PEER}, {CLUSTERS} clusters to {CLIENTS} clients")
    peer = _peer(book, scratch)
    what = f"{CLUSTERS:,} clusters, {CLIENTS} clients"

    def add(name: str, unit: str, of: str, times: float | None, at_least: bool = False) -> None:
        pair = getattr(ours, of), getattr(peer, of)
        book.beside(f"{what}: {name}", unit, *pair, times=times, at_least=at_least, peer_name=PEER)

    add("change to all", "ms", "to_all_ms", 1)
    add("CPU to serve one", "us", "cpu_us", 1)
    add("clients served a second", "1/s", "rate", 1, at_least=True)
    add("memory of the server", "MiB", "memory", 1)


def install() -> None:
    """Make the environment once. Raises CalledProcessError where that fails."""
    if not (_VENV / "bin" / "sovereign").exists():
        subprocess.run([sys.executable, "-m", "venv", _VENV], check=True)
        pip = [str(_VENV / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, f"sovereign=={VERSION}"], check=True)


def _ours(peers: str, scratch: Path) -> Found:
    found = Found()
    with Session(subjects(peers)[0].command, peers, scratch) as session:
        session.publish([many_clusters(CLUSTERS, 0)], CLIENTS)
        session.open(CLIENTS, "sotw")
        session.settle()
        for shift in range(1, max(3, ROUNDS) + 1):
            answer = session.publish([many_clusters(CLUSTERS, shift)], CLIENTS, CLUSTER, CLIENTS)
            found.to_all_ms.append(answer["all_ms"])
            found.cpu_us.append(answer["cpu_ms"] * 1000 / CLIENTS)
            found.rate.append(CLIENTS * 1000 / answer["all_ms"])
        found.memory.append(session.memory_kib() / 1024)
    return found


def _peer(book: Book, scratch: Path) -> Found:
    found = Found()
    _write(scratch, 0)
    (scratch / "clusters.py").write_text(TEMPLATE)
    (scratch / "sovereign.yaml").write_text(CONFIG.format(directory=scratch))
    with _running(scratch) as (process, url):
        asyncio.run(_measured(book, process, url, scratch, found))
    return found


@contextmanager
def _running(scratch: Path) -> Iterator[tuple[Pinned, str]]:
    port = _free_port()
    settings = {
        "SOVEREIGN_CONFIG": f"file://{scratch}/sovereign.yaml",
        "SOVEREIGN_HOST": "127.0.0.1",
        "SOVEREIGN_PORT": str(port),
        "SOVEREIGN_WORKERS": "1",
    }
    command = ["env", *(f"{k}={v}" for k, v in settings.items()), str(_VENV / "bin" / "sovereign")]
    with (scratch / "sovereign.log").open("w") as log:
        process = Pinned(SERVER_CORE, *command, errors=log)
    with process:
        try:
            _await(f"http://127.0.0.1:{port}{_PATH}", scratch / "sovereign.log")
            yield process, f"http://127.0.0.1:{port}{_PATH}"
        finally:
            process.end()  # its workers end with it, which they would not if it were killed


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _await(url: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.post(url, json=_request(0, "")).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise ProcessError(f"sovereign does not answer: {log.read_text()[-500:]}")


def _write(scratch: Path, shift: int) -> None:
    """Replace the data at once; the same clusters as ours, in Envoy's JSON."""
    clusters = [
        {
            "name": f"shop/other-{n}:80/ipv4",
            "type": "STRICT_DNS",
            "alt_stat_name": f"other-{n}-{shift}",
            "per_connection_buffer_limit_bytes": 32768,
            "load_assignment": {
                "cluster_name": f"other-{n}",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(n)}}]}],
            },
        }
        for n in range(CLUSTERS)
    ]
    (scratch / "new.json").write_text(json.dumps(clusters))
    os.replace(scratch / "new.json", scratch / "clusters.json")


def _address(number: int) -> dict[str, object]:
    return {"socket_address": {"address": f"other-{number}.shop.test", "port_value": 80}}


def _request(number: int, version: str) -> dict[str, object]:
    return {"version_info": version, "node": {"id": f"node-{number}", "cluster": "bench"}}


async def _measured(book: Book, process: Pinned, url: str, scratch: Path, found: Found) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        for _ in range(3):
            cpu, start = process.family_cpu_ms(), time.perf_counter()
            await asyncio.gather(*(_polls(client, url) for _ in range(AT_ONCE)))
            found.cpu_us.append((process.family_cpu_ms() - cpu) * 1000 / POLLS)
            found.rate.append(POLLS / (time.perf_counter() - start))
        each = statistics.median(found.cpu_us) / 1e6
        interval = max(1, math.ceil(CLIENTS * each * 2))
        book.say(f"  a poll takes {each * 1000:.1f} ms of CPU: clients poll every {interval} s")
        fleet = Polling(client, url, interval)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(fleet.poll(number)) for number in range(CLIENTS)]
            await fleet.all_after(0.0)
            for shift in range(1, ROUNDS + 1):
                start = time.perf_counter()
                _write(scratch, shift)
                found.to_all_ms.append((await fleet.all_after(start) - start) * 1000)
            found.memory.append(process.family_memory_kib() / 1024)
            for task in tasks:
                task.cancel()


async def _polls(client: httpx.AsyncClient, url: str) -> None:
    for _ in range(POLLS // AT_ONCE):
        (await client.post(url, json=_request(0, ""))).raise_for_status()


class Polling:
    """Clients that poll as Envoy does, and when each was told something new last."""

    def __init__(self, client: httpx.AsyncClient, url: str, interval: int) -> None:
        self._client, self._url, self._interval = client, url, interval
        self._told = [-1.0] * CLIENTS

    async def poll(self, number: int) -> None:
        """Poll until cancelled, the clients evenly spread over the interval."""
        version = ""
        await asyncio.sleep(self._interval * number / CLIENTS)
        while True:
            answer = await self._client.post(self._url, json=_request(number, version))
            if answer.status_code == 200:
                version = answer.headers["x-sovereign-response-version"]
                self._told[number] = time.perf_counter()
            await asyncio.sleep(self._interval)

    async def all_after(self, start: float) -> float:
        """Wait until each client was told something after a moment; return when the last was."""
        async with asyncio.timeout(120):
            while min(self._told) <= start:
                await asyncio.sleep(0.05)
        return max(self._told)

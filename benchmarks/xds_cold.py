"""Cold start: a thousand services from policy text to a proxy's resources as bytes; then a change.

The change moves one endpoint, by a controller with a database, as it does for an ``apply``. Every
run is a process of its own, since what is encoded once is kept: ``python -m benchmarks.xds_cold``.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import QUICK, figure
from benchmarks.xds_book import Book
from benchmarks.xds_process import SERVER_CORE, Pinned
from tests.controlling import Sinks
from translators.compiler.pipeline import compile_policy
from translators.envoy import Proxies, translated
from translators.envoy.endpoints import assignment_bytes
from translators.policy.load import load
from xds_server.controller.metering import Took
from xds_server.controller.proxies import snapshots_of
from xds_server.controller.service import Controller
from xds_server.controller.values import SourceFile
from xds_server.journal import configure
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.snapshots.model import Resource
from xds_server.store.engine import open_engine
from xds_server.store.repository import SqlRepository

SERVICES = 100 if QUICK else 1000
RUNS = 1 if QUICK else 3
MOVES = 5
MANY = 10_000
COLD_MS, MOVE_MS = 2000.0 * SERVICES / 1000, 5.0

NOUNS = """\
apiVersion: fsdn/v1
kind: Tenant
metadata: {name: bench}
spec: {default: deny}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: lan, tenant: bench}
spec: {vni: 10, subnets: [10.0.0.0/16], services: [10.0.128.0/17]}
---
apiVersion: fsdn/v1
kind: Host
metadata: {name: host1}
spec: {bridge: br-int, datapathId: "0000000000000001"}
---
apiVersion: fsdn/v1
kind: Workload
metadata: {name: client, tenant: bench, labels: {role: client}}
spec: {segment: lan, addresses: [10.0.0.2], mac: "02:00:00:01:00:02", host: host1, port: client}
"""

SERVICE = """\
---
apiVersion: fsdn/v1
kind: Workload
metadata: {{name: w{n}, tenant: bench, labels: {{app: "a{n}"}}}}
spec:
  {{segment: lan, addresses: [10.0.{high}.{low}], mac: "02:00:00:00:{high:02x}:{low:02x}",
   host: host1, port: w{n}}}
---
apiVersion: fsdn/v1
kind: Service
metadata: {{name: s{n}, tenant: bench}}
spec:
  selector: {{app: "a{n}"}}
  segment: lan
  ports: [{{name: http, port: 80, targetPort: 8080, protocol: http}}]
---
apiVersion: fsdn/v1
kind: Policy
metadata: {{name: p{n}, tenant: bench}}
spec:
  from: [{{labels: {{role: client}}}}]
  to: [{{service: s{n}}}]
  rules: [{{match: {{http: {{path: {{prefix: /v1}}}}}}, action: allow}}]
"""


def text(services: int) -> str:
    """Return the policy of as many services, each with one endpoint and one L7 rule."""
    where = ((n, n // 200 + 1, n % 200 + 1) for n in range(services))
    return NOUNS + "".join(SERVICE.format(n=n, high=high, low=low) for n, high, low in where)


def moved(shift: int) -> str:
    """Return the first service's endpoint, at another address."""
    return SERVICE.format(n=0, high=100, low=shift).split("---\n")[1]


class Noted:
    """A meter that remembers the last compilation."""

    def __init__(self) -> None:
        self.took = Took()

    def compiled(self, took: Took) -> None:
        """Note a compilation."""
        self.took = took

    def acknowledged(self, seconds: float) -> None:
        """Nobody is connected."""


def run() -> dict[str, float]:
    """Return the ms of CPU of every stage from nothing, and the ms of a change."""
    source = text(SERVICES)
    found: dict[str, float] = {}

    def stage(name: str, work: Callable[[], object]) -> None:
        start = time.process_time()
        work()
        found[name] = (time.process_time() - start) * 1000

    stage("read", lambda: load(source, "bench.yaml"))
    loaded = load(source, "bench.yaml")
    assert not loaded.diagnostics, loaded.diagnostics[:3]
    stage("compile", lambda: compile_policy(loaded.documents))
    plan = compile_policy(loaded.documents).plan
    stage("encode", lambda: snapshots_of(translated(plan), Proxies(), {}))
    found["part"] = statistics.median(_parts())
    with TemporaryDirectory(prefix="fsdn-bench-") as directory:
        return found | asyncio.run(_moves(source, Path(directory)))


def _parts() -> list[float]:
    """Return the ms from one changed location of many to an encoded, versioned resource."""
    where = [(f"10.{1 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}", 8080) for n in range(MANY)]
    found = []
    for number in range(15):
        start = time.perf_counter()
        where[number * MANY // 15] = (f"10.200.0.{number}", 8080)
        Resource(ENDPOINT, "service-0", assignment_bytes("service-0", tuple(where)))
        found.append((time.perf_counter() - start) * 1000)
    return found


async def _moves(source: str, directory: Path) -> dict[str, float]:
    """Return what moving an endpoint takes a controller that holds the whole policy."""
    engine = await open_engine(f"sqlite+aiosqlite:///{directory / 'fsdn.db'}")
    sinks, meter, found = Sinks(), Noted(), []
    controller = Controller(
        SqlRepository(engine), sinks, sinks.bridges, sinks.databases, time.time, meter
    )
    try:
        await controller.start()
        await controller.apply([SourceFile("bench.yaml", source)], "bench", "")
        before = sinks.snapshots["host1"]
        for shift in range(1, MOVES + 1):
            start = time.perf_counter()
            await controller.apply([SourceFile("bench.yaml", moved(shift))], "bench", "")
            found.append((time.perf_counter() - start, meter.took))
        assert sinks.snapshots["host1"] != before
    finally:
        await engine.dispose()
    return {
        "apply": statistics.median(whole for whole, _ in found) * 1000,
        "again": statistics.median(took.plan + took.encode for _, took in found) * 1000,
    }


def scenario(book: Book, peers: str, _scratch: Path) -> None:
    """Run it in processes of their own, on the server's core."""
    runs: list[dict[str, float]] = []
    for number in range(RUNS):
        book.say(f"cold start of {SERVICES} services, run {number + 1} of {RUNS}")
        start = time.perf_counter()
        with Pinned(SERVER_CORE, sys.executable, "-m", "benchmarks.xds_cold") as process:
            runs.append(process.hear())
            took = (time.perf_counter() - start) * 1000
            book.waited("all stages", process.waited_ms(), took)
        book.raw({"cold": runs[-1]})

    def add(
        name: str, of: Callable[[dict[str, float]], float], target: float | None = None
    ) -> None:
        value = statistics.median(of(one) for one in runs)
        book.add(figure(f"{SERVICES} services: {name}", value, "ms", target=target))

    add("read the text, CPU", lambda one: one["read"])
    add("compile from nothing, CPU", lambda one: one["compile"])
    add("encode from nothing, CPU", lambda one: one["encode"])
    add("compile and encode, CPU", lambda one: one["compile"] + one["encode"], COLD_MS)
    add("one endpoint changed: compile and encode", lambda one: one["again"], MOVE_MS)
    add("one endpoint changed: the whole apply, until published", lambda one: one["apply"])
    with Pinned(SERVER_CORE, peers, "serve") as peer:
        peer.hear()
        theirs = [statistics.median(peer.ask("build", count=MANY)["times_ms"]) for _ in range(RUNS)]
    name = f"one endpoint of {MANY:,} changed: location to bytes and version"
    book.beside(name, "ms", [one["part"] for one in runs], theirs, target=MOVE_MS, times=1)


if __name__ == "__main__":
    configure("json", "warning")  # to standard error
    print(json.dumps(run()), flush=True)
    sys.stdin.read()  # its figures are read before it ends

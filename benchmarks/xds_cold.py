"""Cold start: a thousand services from policy text to a proxy's resources as bytes.

A change of one endpoint is compiled and encoded in full; only what did not change is not read
again.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from itertools import count

from benchmarks.report import QUICK, Figure, figure
from translators.compiler.pipeline import compile_policy
from translators.policy.load import load
from xds_server.controller.targets import proxy_snapshot
from xds_server.snapshots.model import Snapshot

SERVICES = 100 if QUICK else 1000
RUNS = 3

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


def figures(log: list[str]) -> list[Figure]:
    """Measure each stage."""
    found: list[Figure] = []
    source = text(SERVICES)
    numbers = count(1)  # a text that was read before, in a file of the same name, is remembered

    def stage(name: str, work: Callable[[], object], target: float | None = None) -> float:
        runs = [_cpu_ms(work) for _ in range(RUNS)]
        log.append(f"{name}: {' '.join(f'{run:.2f}' for run in runs)} ms of CPU")
        found.append(figure(f"{name}, CPU", statistics.median(runs), "ms", target=target))
        return statistics.median(runs)

    stage(f"{SERVICES} services: read the text", lambda: load(source, f"{next(numbers)}.yaml"))
    loaded = load(source, "bench.yaml")
    assert not loaded.diagnostics, loaded.diagnostics[:3]
    plan = compile_policy(loaded.documents).plan
    size = sum(map(len, proxy_snapshot(plan, "host1").resources.values()))
    compiling = stage("compile to a plan", lambda: compile_policy(loaded.documents))
    encoding = stage(f"encode {size} resources", lambda: proxy_snapshot(plan, "host1"))
    target = 2000.0 * SERVICES / 1000
    found.append(figure("compile and encode, CPU", compiling + encoding, "ms", target=target))
    stage("one endpoint changed, text to bytes", lambda: _move(source, next(numbers)), 5.0)
    return found


def _cpu_ms(work: Callable[[], object]) -> float:
    """Return the CPU time, which is what one thread takes where nothing else runs."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def _move(source: str, number: int) -> Snapshot:
    """Return the proxy's resources after the first service's endpoint moved."""
    moved = source.replace("[10.0.1.1]", f"[10.0.100.{number}]")
    return proxy_snapshot(compile_policy(load(moved, "bench.yaml").documents).plan, "host1")

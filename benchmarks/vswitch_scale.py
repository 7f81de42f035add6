"""Our own scale: up to 10,000 workloads, and a bridge with up to 100,000 flows.

Each size is a segment of so many workloads, 100 of them on the measured bridge and the others on
hosts of 100 behind tunnels. Installing and reconciling is the OpenFlow listener alone, from the
publication (or the bridge's connection) to its barrier; a change goes through a whole ``fsdn
serve``, from the request to the barrier.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import vswitch_policy as policy
from benchmarks.flows import acknowledged, plan_of
from benchmarks.report import QUICK, figure
from benchmarks.vswitch_ovn import BRIDGE
from benchmarks.vswitch_policies import applied, p99, synced
from benchmarks.xds_apply import serving
from benchmarks.xds_book import Book
from benchmarks.xds_process import SERVER_CORE
from tests.devices.ovs import PrivateOvs
from xds_server.controller.targets import bridge_program
from xds_server.cycles import collect_rarely
from xds_server.snapshots.evidence import Connected, Evidence
from xds_server.snapshots.model import BridgeProgram, FlowKey, program_of
from xds_server.southbound.openflow_tcp import OpenFlowServer

WORKLOADS = (100, 1000) if QUICK else (100, 1000, 10_000)
FLOWS = (1000, 10_000) if QUICK else (1000, 10_000, 100_000)
INSTALL_MS = {10_000: 500.0, 100_000: 3000.0}
RECONCILE_MS = {100_000: 1000.0}
RUNS = 1 if QUICK else 3
CHANGES = 10 if QUICK else 50
POLICIES = 100
MOST = 10_000  # workloads
DATAPATH = 1
A_HOST = 100  # workloads

SEGMENT = """\
apiVersion: fsdn/v1
kind: Tenant
metadata: {name: bench}
spec: {default: deny}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: lan, tenant: bench}
spec: {vni: 10, subnets: [10.0.0.0/8]}
"""
HOST = """\
apiVersion: fsdn/v1
kind: Host
metadata: {{name: host{n}}}
spec: {{bridge: br-int, datapathId: "{n:016x}", tunnel: {{address: 172.16.{n}.2/30}}}}
"""
WORKLOAD = """\
apiVersion: fsdn/v1
kind: Workload
metadata: {{name: w{n}, tenant: bench, labels: {{group: "g{group}"}}}}
spec:
  {{segment: lan, addresses: [10.{block}.{high}.{low}], mac: "02:00:00:01:{high:02x}:{low:02x}",
   host: host{host}, port: w{port}}}
"""


def scenario(book: Book, scratch: Path) -> None:
    """Measure every size and keep the figures."""
    for flows in FLOWS:
        book.say(f"{flows} flows on one bridge")
        _flows(book, flows)
    for workloads in WORKLOADS:
        book.say(f"{workloads} workloads, {POLICIES} policies")
        _changes(book, workloads, scratch)


def workload(n: int, moved: int = 0) -> str:
    """Return a workload, from 1; each ``moved`` is another address."""
    place = n - 1
    return WORKLOAD.format(
        n=n,
        group=n % policy.GROUPS,
        block=1 + moved,
        high=place // 200,
        low=place % 200 + 1,
        host=place // A_HOST + 1,
        port=place % A_HOST + 1,
    )


def text(workloads: int) -> str:
    """Return a segment with so many workloads and their hosts, and the policies."""
    hosts = [HOST.format(n=n + 1) for n in range(-(-workloads // A_HOST))]
    each = [workload(n) for n in range(1, workloads + 1)]
    return "---\n".join((SEGMENT, *hosts, *each, *(policy.policy(n) for n in range(POLICIES))))


def _program(flows: int) -> BridgeProgram:
    """Return a program of so many flows, as a segment makes them.

    What more than 10,000 workloads would make are the same flows at other priorities.
    """
    plan = plan_of(text(min(flows // 2, MOST)))
    ports = {f"w{n}": n for n in range(1, A_HOST + 1)} | {"fsdn-tun": 1000}
    whole = bridge_program(plan, "host1", ports)
    made = dict(whole.flows)
    shift = 0
    while len(made) < flows:
        shift += 1
        for key, flow in whole.flows.items():
            moved = FlowKey(key.table, (key.priority + 257 * shift) % 65536, key.match)
            made.setdefault(moved, flow._replace(key=moved))
    return program_of(list(made.values())[:flows], whole.groups.values())


def _flows(book: Book, flows: int) -> None:
    program = _program(flows)
    collect_rarely()  # as the server does once it is loaded
    installs, reconciles = [], []
    for _ in range(RUNS):
        with PrivateOvs() as ovs:
            ovs.add_bridge(BRIDGE, policy.PORTS, "other_config:datapath-id=0000000000000001")
            installs.append(asyncio.run(_installed(ovs, program, flows)))
            reconciles.append(asyncio.run(_installed(ovs, program, 0)))
    book.raw({"flows": flows, "install_ms": installs, "reconcile_ms": reconciles})
    name, target = f"{flows} flows installed", INSTALL_MS.get(flows)
    book.add(figure(name, statistics.median(installs), "ms", target=target))
    name, target = f"{flows} flows reconciled, nothing written", RECONCILE_MS.get(flows)
    book.add(figure(name, statistics.median(reconciles), "ms", target=target))


async def _installed(ovs: PrivateOvs, program: BridgeProgram, expected: int) -> float:
    """Return the ms from the bridge's connection to its barrier, all it needs written."""
    heard: asyncio.Queue[Evidence] = asyncio.Queue()
    async with _listening(heard, program) as port:
        vsctl = ("set-controller", BRIDGE, f"tcp:127.0.0.1:{port}")
        following = asyncio.create_task(asyncio.to_thread(ovs.vsctl, *vsctl))
        while not isinstance(await asyncio.wait_for(heard.get(), 60), Connected):
            pass
        start = time.perf_counter()
        written = await acknowledged(heard)
        took = (time.perf_counter() - start) * 1000
        await following
        if (written == 0) != (expected == 0):
            raise ValueError(f"{written} things were written where {expected} flows were to be")
    return took


@asynccontextmanager
async def _listening(heard: asyncio.Queue[Evidence], program: BridgeProgram) -> AsyncIterator[int]:
    server = OpenFlowServer(heard.put_nowait)
    port = await server.start("127.0.0.1", 0)
    server.set_hosts({DATAPATH: "host1"})
    server.publish(DATAPATH, program)
    try:
        yield port
    finally:
        await server.stop()


def _changes(book: Book, workloads: int, scratch: Path) -> None:
    policies, endpoints = [], []
    with TemporaryDirectory(dir=scratch) as directory, PrivateOvs() as ovs:
        ports = {f"w{n}": n for n in range(1, A_HOST + 1)} | {"fsdn-tun": 1000}
        ovs.add_bridge(BRIDGE, ports, "other_config:datapath-id=0000000000000001")
        with serving(Path(directory), SERVER_CORE) as server:
            start = time.monotonic()
            server.apply(text(workloads), "bench.yaml")
            first = (time.monotonic() - start) * 1000
            ovs.vsctl("set-controller", BRIDGE, f"tcp:127.0.0.1:{server.ports['openflow']}")
            synced(server)
            for number in range(1, CHANGES + 1):
                policies.append(applied(server, policy.policy(0, number)))
            for number in range(1, CHANGES + 1):
                endpoints.append(applied(server, workload(workloads, number % 100)))
    book.raw({"workloads": workloads, "policy_ms": policies, "endpoint_ms": endpoints})
    book.add(figure(f"{workloads} workloads: the whole policy at first", first, "ms"))
    for what, times in (("policy", policies), ("endpoint", endpoints)):
        name = f"{workloads} workloads: one {what} changed, to the barrier"
        book.add(figure(f"{name}, p50", statistics.median(times), "ms", target=5))
        book.add(figure(f"{name}, p99", p99(times), "ms", target=20))

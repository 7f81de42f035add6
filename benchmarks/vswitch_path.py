"""What the pipeline costs packets: two namespaces on a userspace bridge, beside action NORMAL.

500 policies are installed, none of them about the measured ports but one. Throughput is iperf3's
with one stream; a round trip is one byte over a standing TCP connection; a connection is opened,
used once and closed. The bridge runs without a controller meanwhile: its flows are written once.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Interface
from pathlib import Path

from benchmarks import vswitch_policy as policy
from benchmarks.flows import plan_of
from benchmarks.report import QUICK
from benchmarks.xds_book import Book
from benchmarks.xds_process import ProcessError
from integration.bed.netns import BedError, Namespace, create, remove
from integration.bed.vswitch import Vswitch
from integration.bed.workload import Place, attach
from translators.openflow.render import render
from translators.openflow.translate import translate

POLICIES = 100 if QUICK else 500
RUNS = 1 if QUICK else 3
SECONDS = 2 if QUICK else 5
ROUND_TRIPS = 2000
BRIDGE = "br-int"
IPERF, ECHO = 5201, 7
VIRTUAL = "10.0.200.1"
PROBE = str(Path(__file__).with_name("vswitch_probe.py"))
NORMAL, DIRECT, SERVICE = "NORMAL", "policies", "policies, by a virtual address"

OPEN = f"""\
---
apiVersion: fsdn/v1
kind: Service
metadata: {{name: echo, tenant: bench}}
spec:
  addresses: [{VIRTUAL}]
  segment: lan
  endpoints: [w2]
  ports: [{{name: echo, port: {ECHO}}}, {{name: iperf, port: {IPERF}}}]
---
apiVersion: fsdn/v1
kind: Policy
metadata: {{name: measured, tenant: bench}}
spec:
  from: [{{workload: w1}}]
  to: [{{service: echo}}, {{workload: w2}}]
  rules: [{{match: {{tcp: {{ports: [{ECHO}, {IPERF}]}}}}, action: allow}}]
"""


def scenario(book: Book, scratch: Path) -> None:
    """Measure the bridge with the one flow NORMAL, and with ours, in turn."""
    if os.geteuid() != 0:
        raise ProcessError("namespaces need root: run it as root, or with password-less sudo")
    if shutil.which("iperf3") is None:
        raise ProcessError("install iperf3, which measures the throughput")
    found: dict[str, list[dict[str, float]]] = {NORMAL: [], DIRECT: [], SERVICE: []}
    try:
        for number in range(RUNS):
            book.say(f"packets, run {number + 1} of {RUNS}")
            with _bed(scratch) as (switch, client):
                switch.ofctl("add-flow", BRIDGE, "actions=NORMAL")
                found[NORMAL].append(_measured(client, policy.address(2)))
                switch.ofctl("del-flows", BRIDGE)
                switch.ofctl("bundle", BRIDGE, "-", text=_flows())
                found[DIRECT].append(_measured(client, policy.address(2)))
                found[SERVICE].append(_measured(client, VIRTUAL))
    except BedError as error:
        raise ProcessError(str(error)) from error
    _figures(book, found)


@contextmanager
def _bed(scratch: Path) -> Iterator[tuple[Vswitch, Namespace]]:
    """Yield a bridge with two workloads, the second with its servers running."""
    prefix = f"fsdnb{os.getpid()}"
    host = create(f"{prefix}-host")
    with ExitStack() as stack:
        made = [host]
        stack.callback(remove, made)
        rundir = scratch / f"{prefix}-{time.monotonic_ns()}"
        switch = Vswitch(host, rundir)
        for process in switch.start():
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)
        for number in (1, 2):
            there = IPv4Interface(f"{policy.address(number)}/16")
            place = Place(f"w{number}", policy.mac(number), (there,), (), 1500)
            made.append(attach(f"{prefix}-w{number}", host, place))
        _plug(switch)
        for server in (("iperf3", "-s"), (sys.executable, PROBE, "serve", "0.0.0.0", str(ECHO))):
            process = made[2].spawn(server, rundir / "servers.log")
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)
        time.sleep(1.0)  # both listen within tenths
        yield switch, made[1]


def _plug(switch: Vswitch) -> None:
    bridge = f"add-br {BRIDGE} -- set bridge {BRIDGE} datapath_type=netdev fail_mode=secure"
    ports = (f"-- add-port {BRIDGE} w{n} -- set interface w{n} ofport_request={n}" for n in (1, 2))
    switch.vsctl(*bridge.split(), *" ".join(ports).split())


def _flows() -> str:
    """Return our program as ``ovs-ofctl`` reads it, groups first."""
    plan = plan_of(policy.text(POLICIES) + OPEN)
    return render(translate(plan, "host1", {"w1": 1, "w2": 2}))


def _measured(client: Namespace, address: str) -> dict[str, float]:
    said = client.run("iperf3", "-c", address, "-t", str(SECONDS), "-J")
    probe = [sys.executable, PROBE]
    rounds = client.run(*probe, "rounds", address, str(ECHO), str(ROUND_TRIPS))
    connects = client.run(*probe, "connects", address, str(ECHO), str(SECONDS))
    bits = json.loads(said)["end"]["sum_received"]["bits_per_second"]
    return {"throughput": bits / 1e6, "round trip": float(rounds), "connects": float(connects)}


def _figures(book: Book, found: dict[str, list[dict[str, float]]]) -> None:
    book.raw({"packets": found})
    names = (("throughput", "Mb/s"), ("round trip", "us"), ("connects", "1/s"))
    for way in (DIRECT, SERVICE):
        for name, unit in names:
            ours = [run[name] for run in found[way]]
            peer = [run[name] for run in found[NORMAL]]
            book.beside(f"packets: {name}, {way}", unit, ours, peer, peer_name="action NORMAL")
    book.say(f"median throughput of NORMAL: {_median(found[NORMAL], 'throughput'):.0f} Mb/s")


def _median(runs: list[dict[str, float]], name: str) -> float:
    return statistics.median(run[name] for run in runs)

"""The demo from beginning to end: steps with their times, then a table of claims."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from rich.console import Console

from integration.bed.build import (
    Bed,
    at_once,
    plug_workloads,
    raise_agents,
    raise_host,
    raise_wires,
    tear_down,
    until,
)
from integration.bed.layout import Layout
from integration.bed.netns import BedError
from integration.bed.traffic import ask
from integration.demo.proving import Proof, prove, step, summary
from integration.scenarios import explained, fabric, isolation, requests, survival
from integration.scenarios.shop import (
    EXAMPLES,
    REVIEWS,
    STOCK,
    WEB,
    service_url,
    shop_plan,
    workload,
)

PROOFS: tuple[Proof, ...] = (
    ("web reads reviews", requests.proxied),
    ("over IPv6", requests.proxied_by_six),
    ("by header", requests.by_header),
    ("1,000 requests", lambda bed: requests.split(bed, 0.1)),
    ("changing the split under load", survival.moved),
    ("1,000 requests", lambda bed: requests.split(bed, 0.5)),
    ("a path that is denied", requests.denied),
    ("around the proxy", isolation.closed_around),
    ("a pair that is denied", isolation.stopped_at_source),
    ("past the proxy", requests.bypassed),
    ("outsiders", isolation.unreachable),
    ("what explain says", explained.agrees),
    ("kill -9 of the server", survival.server_killed),
    ("bare ports", fabric.bare_ports),
    ("the loss of a spine", fabric.spine_lost),
)
FIRST_CONNECTIONS = 8


def run(prefix: str, root: Path, console: Console, keep: bool) -> int:
    """Run the demo; the bed is taken down however it ends, unless it is kept after success."""
    layout = Layout(shop_plan(), prefix, root)
    left = tear_down(prefix, layout.run)
    if left:
        console.print(f"[dim]cleaned up {len(left)} namespaces of an earlier run[/]")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    began = time.monotonic()
    standing = False
    try:
        bed = Bed(layout)
        raise_bed(bed, console)
        rows = prove(bed, PROOFS, console)
        standing = keep
    finally:
        if not standing:
            with step(console, "taking everything down"):
                _save_logs(layout)
                tear_down(prefix, layout.run)
    code = summary(rows, root, console)
    console.print(f"{time.monotonic() - began:.0f} s in all")
    if keep:
        console.print(_how_to_look(bed))
    return code


def raise_bed(bed: Bed, console: Console) -> None:
    """Raise the bed step by step, until traffic flows."""
    layout = bed.layout
    with step(console, "2 spines, 2 leaves (FRR, nothing configured), 2 hosts, their cables"):
        raise_wires(bed)
    with step(console, "fsdn serve; Open vSwitch and workloads on both hosts"):
        tasks = [lambda h=host: raise_host(bed, h) for host in layout.plan.hosts]
        at_once(lambda: setattr(bed, "server", bed.controller.start()), *tasks)
    with step(console, "fsdn agent on every switch and host; fsdn apply -f examples/shop"):
        raise_agents(bed)
        bed.controller.fsdn("apply", "-f", str(EXAMPLES), "--wait", "compiled")
    with step(console, "agents prepare the hosts: bridges, proxies; workloads plugged in"):
        for host in layout.plan.hosts:
            plug_workloads(bed, host)
    with step(console, f"all {len(layout.devices)} devices run what they should"):
        _await_devices(bed)
    with step(console, "first answers"):
        for service in (REVIEWS, STOCK):
            _await_answer(bed, service)


def _await_devices(bed: Bed, patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while outstanding := bed.controller.unsettled(bed.layout.devices):
        if time.monotonic() > deadline:
            raise BedError(f"not in step within {patience:.0f} s: {', '.join(outstanding)}")
        time.sleep(0.2)


def _await_answer(bed: Bed, service: str) -> None:
    """Wait until many connections at once are answered: a single one shows one spine's routes."""

    def answers() -> bool:
        url, many = service_url(bed, service), FIRST_CONNECTIONS
        report = ask(workload(bed, WEB), url, 2 * many, connections=many, timeout=1.0)
        return report.statuses == {"200": 2 * many}

    until(answers, f"{service} does not answer web")


def _save_logs(layout: Layout) -> None:
    """Keep the devices' own logs: what they run in goes away."""
    for log in sorted(layout.run.rglob("*.log")):
        name = "-".join(log.relative_to(layout.run).parts)
        shutil.copyfile(log, layout.root / name)


def _how_to_look(bed: Bed) -> str:
    layout = bed.layout
    inside = " ".join(layout.management.command("env", f"FSDN_STATE={bed.controller.state}"))
    ovs = bed.vswitch("host1")
    bridge = f"OVS_RUNDIR={ovs.rundir} ovs-ofctl -O OpenFlow15 dump-flows br-int"
    leaf = bed.switches["leaf1"].directory
    web = " ".join(workload(bed, WEB).command("curl", "-s", service_url(bed, REVIEWS)))
    return f"""\
The bed stands. Look around as root:
  {inside} .venv/bin/fsdn status
  {web}
  {bridge}
  curl --unix-socket {layout.directory("host1")}/agent/admin.sock http://envoy/config_dump
  vtysh --vty_socket {leaf} -c 'show bgp summary'
Take it down: make clean, or python -m integration.demo --down"""

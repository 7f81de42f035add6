"""From policy text to installed flows: each stage timed, and the install beside ovs-ofctl's.

500 policies, each from ten workloads to ten on three ports, 100 workloads on one bridge.
``python -m benchmarks.flows``; ``QUICK=1`` takes 100 policies.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count

from benchmarks.report import QUICK, Figure, figure, median_ms, publish
from benchmarks.vswitch_policy import PORTS, text
from tests.devices.ovs import PrivateOvs
from translators.compiler.pipeline import compile_policy
from translators.openflow.encode import encode
from translators.openflow.render import render
from translators.openflow.translate import translate
from translators.plan.model import Plan
from translators.policy.load import load
from xds_server.controller.targets import bridge_program
from xds_server.cycles import collect_rarely
from xds_server.snapshots.evidence import Acked, Evidence, Nacked
from xds_server.snapshots.model import BridgeProgram, program_of
from xds_server.southbound.openflow_tcp import OpenFlowServer

POLICIES = 100 if QUICK else 500
RUNS = 3 if QUICK else 5
DATAPATH = 1


def plan_of(source: str) -> Plan:
    """Return the plan behind a policy text that is known to be right."""
    loaded = load(source, "bench.yaml")
    compiled = compile_policy(loaded.documents)
    assert not loaded.diagnostics, loaded.diagnostics[:3]
    return compiled.plan


async def installed(ovs: PrivateOvs, programs: list[BridgeProgram]) -> list[tuple[float, int]]:
    """Return for each program the milliseconds to the bridge's barrier, and what was written."""
    heard: asyncio.Queue[Evidence] = asyncio.Queue()
    server = OpenFlowServer(heard.put_nowait)
    port = await server.start("127.0.0.1", 0)
    server.set_hosts({DATAPATH: "host1"})
    found = []
    try:
        server.publish(DATAPATH, programs[0])
        await asyncio.to_thread(ovs.vsctl, "set-controller", "br-int", f"tcp:127.0.0.1:{port}")
        await acknowledged(heard)
        for program in programs[1:]:
            start = time.perf_counter()
            server.publish(DATAPATH, program)
            written = await acknowledged(heard)
            found.append(((time.perf_counter() - start) * 1000, written))
    finally:
        await server.stop()
        await asyncio.to_thread(ovs.vsctl, "del-controller", "br-int")
    return found


async def acknowledged(heard: asyncio.Queue[Evidence]) -> int:
    """Wait for the bridge's acknowledgement and return how much was written."""
    while True:
        evidence = await asyncio.wait_for(heard.get(), 60)
        assert not isinstance(evidence, Nacked), evidence
        if isinstance(evidence, Acked):
            return evidence.written


def main() -> None:
    """Measure, print and keep the figures."""
    figures: list[Figure] = []
    log: list[str] = []
    source = text(POLICIES)
    ports = PORTS | {"fsdn-proxy": 200, "fsdn-tun": 201}

    def stage(name: str, work: object) -> None:
        assert callable(work)
        median, runs = median_ms(work, RUNS)
        log.append(f"{name}: {' '.join(f'{run:.1f}' for run in runs)} ms")
        figures.append(figure(name, median, "ms"))

    loaded = load(source, "bench.yaml")
    plan = plan_of(source)
    full = bridge_program(plan, "host1", ports)
    one = bridge_program(plan_of(text(POLICIES + 1)), "host1", ports)
    none = program_of([], [])
    collect_rarely()  # as the server does once it is loaded
    shift = count(1)  # documents are remembered by text and line: each run moves them
    stage(f"read {POLICIES} policies", lambda: load("\n" * next(shift) + source, "bench.yaml"))
    stage("read them again, unchanged", lambda: load(source, "bench.yaml"))
    stage("compile to a plan", lambda: compile_policy(loaded.documents))
    stage(f"translate to {len(full.flows)} flows", lambda: translate(plan, "host1", ports))
    program = translate(plan, "host1", ports)
    stage("encode", lambda: encode(program))

    with PrivateOvs() as ovs:
        ovs.add_bridge("br-int", ports, "other_config:datapath-id=0000000000000001")
        found = asyncio.run(installed(ovs, [none, *[full, one, full, none] * RUNS]))
        log.append(f"installs (ms, written): {found}")
        lines = render(program)

        def anew() -> None:
            ovs.ofctl("del-flows", "br-int")
            ovs.add_flows("br-int", lines)

        peer, runs = median_ms(anew, RUNS)
        log.append(f"ovs-ofctl: {' '.join(f'{run:.1f}' for run in runs)} ms")
    install = sorted(time for time, _ in found[0::4])[RUNS // 2]
    change = sorted(time for time, _ in found[1::4])[RUNS // 2]
    figures.append(
        figure(
            f"install {len(full.flows)} flows, publish to barrier",
            install,
            "ms",
            peer="ovs-ofctl --bundle",
            peer_value=peer,
            target=500,
        )
    )
    figures.append(figure("one policy more, publish to barrier", change, "ms", target=20))
    publish("flows", figures, log)


if __name__ == "__main__":
    main()

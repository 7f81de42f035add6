"""500 policies on one bridge: the first install, one change, memory and a question, beside OVN.

Each runs as its users run it: ``fsdn serve`` with its database, changed over REST; ovn-northd,
ovn-controller and two ovsdb-servers, changed by an ``ovn-nbctl`` that keeps its connection. Both
have all cores, and a private Open vSwitch with the dummy datapath. Both clocks run from the
request until the bridge's barrier was answered.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import vswitch_policy as policy
from benchmarks.report import QUICK
from benchmarks.vswitch_ovn import BRIDGE, PrivateOvn
from benchmarks.xds_apply import Serve, serving
from benchmarks.xds_book import Book
from benchmarks.xds_process import ProcessError
from tests.devices.ovs import PrivateOvs

POLICIES = 100 if QUICK else 500
CHANGES = 20 if QUICK else 100
RUNS = 1 if QUICK else 3
QUESTIONS = 20 if QUICK else 100
MOVING = 100  # the workload whose address changes; no question is about it
COMMANDS = 3 if QUICK else 10
PEER = "OVN 23.03"
ALL_CORES = ",".join(map(str, sorted(os.sched_getaffinity(0))))


@dataclass(slots=True)
class Run:
    """What one run of one of the two has shown; times in ms, memory in KiB."""

    install: float = 0.0
    policy: list[float] = field(default_factory=list)
    endpoint: list[float] = field(default_factory=list)
    memory: float = 0.0
    flows: int = 0
    question: list[float] = field(default_factory=list)
    command: list[float] = field(default_factory=list)


def scenario(book: Book, scratch: Path) -> None:
    """Measure both in turn and keep the figures."""
    ours: list[Run] = []
    peer: list[Run] = []
    for number in range(RUNS):
        book.say(f"run {number + 1} of {RUNS}: fsdn serve, then {PEER}")
        ours.append(_ours(scratch))
        peer.append(_peer())
    _figures(book, ours, peer)


@contextmanager
def controlled(scratch: Path) -> Iterator[tuple[Serve, PrivateOvs]]:
    """Run a server and a bridge that is connected to it."""
    with TemporaryDirectory(dir=scratch) as directory, PrivateOvs() as ovs:
        ovs.add_bridge(BRIDGE, policy.PORTS, "other_config:datapath-id=0000000000000001")
        with serving(Path(directory), ALL_CORES) as server:
            server.apply("---\n".join((policy.NOUNS, policy.workload(1))), "bench.yaml")
            ovs.vsctl("set-controller", BRIDGE, f"tcp:127.0.0.1:{server.ports['openflow']}")
            synced(server)
            yield server, ovs


def _ours(scratch: Path) -> Run:
    run = Run()
    with controlled(scratch) as (server, ovs):
        applied(server, policy.text(0))
        run.install = applied(server, policy.text(POLICIES))
        for number in range(1, CHANGES + 1):
            run.policy.append(applied(server, policy.policy(0, number)))
        for number in range(1, CHANGES + 1):
            run.endpoint.append(applied(server, policy.workload(MOVING, number % 100)))
        run.memory, run.flows = server.process.family_memory_kib(), _flows(ovs)
        if (said := server.ask("/v1/explain", **_question(0)))["action"] != "allow":
            raise ProcessError(f"fsdn does not admit what its policies admit: {said}")
        for number in range(QUESTIONS):
            run.question.append(_timed(server.ask, "/v1/explain", **_question(number)))
        for number in range(COMMANDS):
            run.command.append(_timed(server.command, *_words(_question(number))))
    return run


def _peer() -> Run:
    run = Run()
    with PrivateOvn() as ovn:
        ovn.add_bridge(BRIDGE, policy.PORTS)
        ovn.start_chassis(policy.PORTS)
        ovn.change(policy.ovn_network())
        policies = [policy.ovn_policy(n) for n in range(POLICIES)]
        run.install = _timed(ovn.change, policies)
        for number in range(1, CHANGES + 1):
            other = [policy.ovn_no_policy(0, number - 1), policy.ovn_policy(0, number)]
            run.policy.append(_timed(ovn.change, other))
        for number in range(1, CHANGES + 1):
            moved = [policy.ovn_workload(MOVING, number % 100)]
            run.endpoint.append(_timed(ovn.change, moved))
        run.memory, run.flows = ovn.memory_kib(), _flows(ovn)
        if 'output to "w' not in (said := ovn.trace(_microflow(0))):
            raise ProcessError(f"{PEER} does not admit what its policies admit: {said[-500:]}")
        for number in range(QUESTIONS):
            run.question.append(_timed(ovn.trace, _microflow(number)))
        for number in range(COMMANDS):
            run.command.append(_timed(ovn.trace_command, _microflow(number)))
    return run


def applied(server: Serve, text: str) -> float:
    """Apply a text; return the milliseconds until the last device had it."""
    start = time.time()
    found = server.reached(server.apply(text, "bench.yaml"))
    return float((found["at"] + found["acked_after"] - start) * 1000)


def synced(server: Serve, bridges: int = 1) -> None:
    """Wait until bridges run what they should: one that was told nothing yet has no types."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        known = [d for d in server.ask("/v1/status")["devices"] if d["kind"] == "bridge"]
        states = [bridge["state"] for bridge in known if bridge["types"]]
        if states.count("SYNCED") >= bridges:
            return
        time.sleep(0.05)
    raise ProcessError(f"not all bridges become SYNCED: {states}")


def _timed(work: Callable[..., object], *arguments: object, **named: object) -> float:
    start = time.perf_counter()
    work(*arguments, **named)
    return (time.perf_counter() - start) * 1000


def _flows(ovs: PrivateOvs) -> int:
    text = ovs.ofctl("dump-aggregate", BRIDGE)
    return int(text.partition("flow_count=")[2].split()[0])


def _ends(number: int) -> tuple[int, int, int]:
    """Return source, destination and port of a packet that a policy admits."""
    chosen = number % POLICIES or 1
    source, target = policy.ends(chosen)
    return source or policy.GROUPS, target or policy.GROUPS, 3 * chosen + 1


def _question(number: int) -> dict[str, str | int]:
    source, target, port = _ends(number)
    names = {"source": f"bench/w{source}", "destination": f"bench/w{target}"}
    return {**names, "protocol": "tcp", "port": port}


def _words(asked: dict[str, str | int]) -> list[str]:
    return [str(asked["source"]), str(asked["destination"]), "--tcp", str(asked["port"])]


def _microflow(number: int) -> str:
    source, target, port = _ends(number)
    return (
        f'inport == "w{source}" && eth.src == {policy.mac(source)} && '
        f"eth.dst == {policy.mac(target)} && ip4.src == {policy.address(source)} && "
        f"ip4.dst == {policy.address(target)} && ip.ttl == 64 && tcp.dst == {port}"
    )


def _figures(book: Book, ours: list[Run], peer: list[Run]) -> None:
    for run, other in zip(ours, peer, strict=True):
        book.say(f"flows on the bridge: ours {run.flows}, {PEER} {other.flows}")

    def beside(
        name: str,
        value: Callable[[Run], float],
        unit: str = "ms",
        target: float | None = None,
        times: float | None = None,
    ) -> None:
        both = [value(run) for run in ours], [value(run) for run in peer]
        book.beside(name, unit, *both, peer_name=PEER, target=target, times=times)

    beside(f"{POLICIES} policies, first install", lambda r: r.install, target=500, times=1)
    beside("one policy changed, p50", lambda r: statistics.median(r.policy), target=5)
    beside("one policy changed, p99", lambda r: p99(r.policy), target=20)
    beside("one endpoint changed, p50", lambda r: statistics.median(r.endpoint), target=5)
    beside("one endpoint changed, p99", lambda r: p99(r.endpoint), target=20)
    beside("memory of the control plane", lambda r: r.memory / 1024, "MiB")
    beside("flows on the bridge", lambda r: r.flows, "flows")
    beside("explain a packet, asked of a daemon", lambda r: statistics.median(r.question))
    beside("explain a packet, a command", lambda r: statistics.median(r.command))


def p99(values: list[float]) -> float:
    """Return what one value of a hundred may exceed."""
    return sorted(values)[max(0, -(-99 * len(values) // 100) - 1)]

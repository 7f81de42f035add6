"""Queues on two hosts whose bridges forward in user space: TCP gets the rate, both ways.

Every test prints its figures.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from integration.bed.vswitch import Vswitch
from tests.devices.sessions_bed import ADDRESSES, CONTROLLER, Bed, bed
from tests.devices.streams import iperf

pytestmark = [pytest.mark.device, pytest.mark.root, pytest.mark.envoy("the host agent")]

RATE = 20_000_000  # bit/s
SECONDS = 5
QUEUE = "shape: {rate: 20Mbps, burst: 2Mb, dscp: af21, queue: true}"
METER = "shape: {rate: 20Mbps, burst: 2Mb, dscp: af21}"
POLICY = """---
apiVersion: fsdn/v1
kind: Policy
metadata: {{name: load, tenant: shop}}
spec:
  from: [{{workload: web}}]
  to: [{{workload: db}}, {{workload: other}}]
  rules:
    - {{match: {{}}, action: allow, {shape}}}
---
apiVersion: fsdn/v1
kind: Policy
metadata: {{name: beside, tenant: shop}}
spec:
  from: [{{workload: other}}]
  to: [{{workload: spare}}]
  rules: [{{match: {{icmp: {{}}}}, action: allow}}]
"""
FREE = POLICY.format(shape="enforce: auto")


@pytest.fixture(scope="module")
def two() -> Iterator[Bed]:
    """Two hosts with their agents; the second's is started by the test that misses it."""
    with bed(2, serving=()) as made:
        made.apply(FREE)
        made.start_agent(1)
        manager = f"tcp:{CONTROLLER}:{made.server.port('ovsdb')}"
        made.hosts["host2"].vsctl("set-manager", manager)
        yield made


def _pace(two: Bed, server: str, *more: str) -> float:
    """Return the bits per second of a stream between web and a server, as they arrived."""
    ends = two.namespaces[server], two.namespaces["web"]
    with iperf(*ends, ADDRESSES[server], SECONDS, *more) as ended:
        return float(ended()["end"]["sum_received"]["bits_per_second"])


def _ways(two: Bed, what: str) -> dict[str, float]:
    """Return the pace to the other host and from there, and to a neighbour on the same one."""
    found = {
        "sent to another host": _pace(two, "db"),
        "answered from there": _pace(two, "db", "-R"),
        "sent to a neighbour": _pace(two, "other"),
    }
    for way, pace in found.items():
        print(f"{what}, {way}: {pace / 1e6:.1f} Mb/s")
    return found


def _until(two: Bed, wanted: str, patience: float = 30.0) -> str:
    """Wait until the status of bridges says this about queues, "" for nothing."""
    deadline = time.monotonic() + patience
    while True:
        done = two.fsdn("status")
        told = done.stdout + done.stderr  # what should be mended
        if wanted in told if wanted else "queues of bridge" not in told:
            return told
        assert time.monotonic() < deadline, (wanted, told)
        time.sleep(0.2)


def _sorted(two: Bed) -> None:
    """Wait until both hosts' agents sort packets, and no queue is without effect."""
    if not (two.directory / "agent2.log").exists():
        two.start_agent(2)
    _until(two, "")


def _rows(vswitch: Vswitch) -> list[str]:
    """Return the database's rows of QoS and Queue that are ours."""
    return [
        uuid
        for table in ("qos", "queue")
        for uuid in vswitch.vsctl("--bare", "--columns=_uuid", "list", table).split()
    ]


def _tables(vswitch: Vswitch) -> str:
    return vswitch.namespace.run("nft", "list", "tables")


def test_tcp_gets_the_rate_of_a_queue_and_half_of_a_meters(two: Bed) -> None:
    two.apply(POLICY.format(shape=QUEUE))
    told = _until(two, "no host agent sorts packets in user space")
    assert "host2" in told
    _sorted(two)
    queued = _ways(two, "queue of 20 Mb/s")
    two.apply(POLICY.format(shape=METER))
    _ways(two, "meter of 20 Mb/s")
    two.apply(FREE)
    free = _ways(two, "no shape")
    for way, pace in queued.items():
        assert 0.6 * RATE <= pace <= 1.15 * RATE, (way, pace)
        assert free[way] > 3 * RATE, (way, free)


def test_a_full_queue_takes_nothing_from_its_neighbours(two: Bed) -> None:
    two.apply(POLICY.format(shape=QUEUE))
    _sorted(two)
    server, client = two.namespaces["other"], two.namespaces["web"]
    flood = ("-u", "-b", "60M", "-l", "1200")
    with iperf(server, client, ADDRESSES["other"], SECONDS, *flood) as ended:
        time.sleep(1)
        ping = ("ping", "-c", "100", "-i", "0.02", "-q", ADDRESSES["spare"])
        argv = two.namespaces["other"].command(*ping)
        said = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
        told = ended()["end"]["sum"]
    found = re.search(r"([\d.]+)% packet loss", said)
    assert found is not None, said
    print(f"flood: {told['lost_percent']:.0f} % lost, ping beside it: {found[1]} % lost")
    assert told["lost_percent"] > 40  # three times the rate was sent: the queue was full
    assert float(found[1]) <= 2, said


def test_what_goes_takes_its_rows_and_rules_along(two: Bed) -> None:
    two.apply(POLICY.format(shape=QUEUE))
    _sorted(two)
    hosts = list(two.hosts.values())
    assert all(_rows(one) and "fsdn_queues" in _tables(one) for one in hosts)
    two.apply(FREE)
    deadline = time.monotonic() + 20
    while any(_rows(one) or "fsdn_queues" in _tables(one) for one in hosts):
        assert time.monotonic() < deadline, [(_rows(one), _tables(one)) for one in hosts]
        time.sleep(0.2)

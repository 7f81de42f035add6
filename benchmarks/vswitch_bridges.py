"""A change among several bridges, none of which may drop what another one sends already.

The 100 workloads and 500 policies of ``vswitch_policies``, on four bridges of one private Open
vSwitch, so that each policy has sources and destinations on all of them. A change is three
transactions a bridge: all accept the new beside the old, then all send as they should, and then
none accepts the old any more. Each begins when all bridges have acknowledged the one before.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import vswitch_policy as policy
from benchmarks.report import figure
from benchmarks.vswitch_policies import ALL_CORES, CHANGES, MOVING, POLICIES, applied, p99, synced
from benchmarks.xds_apply import Serve, serving
from benchmarks.xds_book import Book
from tests.devices.ovs import PrivateOvs

BRIDGES = 4

HOST = """\
apiVersion: fsdn/v1
kind: Host
metadata: {{name: host{n}}}
spec:
  {{bridge: br{n}, datapathId: "{n:016x}", tunnel: {{address: 172.16.{n}.2/30}},
   ports: {{tunnel: tun{n}}}}}
"""


def scenario(book: Book, scratch: Path) -> None:
    """Change a policy, and an endpoint, and keep the figures."""
    book.say(f"{POLICIES} policies on {BRIDGES} bridges")
    policies, endpoints = [], []
    with TemporaryDirectory(dir=scratch) as directory, PrivateOvs() as ovs:
        for host in range(1, BRIDGES + 1):
            datapath = f"other_config:datapath-id={host:016x}"
            ovs.add_bridge(f"br{host}", _ports(host), datapath)
        with serving(Path(directory), ALL_CORES) as server:
            server.apply(text(POLICIES), "bench.yaml")
            _connect(ovs, server)
            for number in range(1, CHANGES + 1):
                policies.append(applied(server, policy.policy(0, number)))
            for number in range(1, CHANGES + 1):
                endpoints.append(applied(server, workload(MOVING, number % 100)))
    book.raw({"bridges": BRIDGES, "policy_ms": policies, "endpoint_ms": endpoints})
    for what, times in (("policy", policies), ("endpoint", endpoints)):
        name = f"{POLICIES} policies, {BRIDGES} bridges: one {what} changed"
        book.add(figure(f"{name}, p50", statistics.median(times), "ms"))
        book.add(figure(f"{name}, p99", p99(times), "ms"))


def workload(n: int, moved: int = 0) -> str:
    """Return a workload, from 1; those of a group are spread over the hosts."""
    return policy.workload(n, moved).replace("host: host1,", f"host: host{_host(n)},")


def text(policies: int) -> str:
    """Return hosts with their workloads, and the policies."""
    nouns = "---\n".join(policy.NOUNS.split("---\n")[:-1])
    hosts = [HOST.format(n=n) for n in range(1, BRIDGES + 1)]
    workloads = [workload(n) for n in range(1, policy.WORKLOADS + 1)]
    rules = [policy.policy(n) for n in range(policies)]
    return "---\n".join((nouns, *hosts, *workloads, *rules))


def _host(n: int) -> int:
    return n // policy.GROUPS % BRIDGES + 1


def _ports(host: int) -> dict[str, int]:
    """Return the ports of a host's bridge; devices of one vswitch have names of their own."""
    own = (n for n in range(1, policy.WORKLOADS + 1) if _host(n) == host)
    return {f"w{n}": n for n in own} | {f"tun{host}": 1000}


def _connect(ovs: PrivateOvs, server: Serve) -> None:
    """Connect the bridges, and wait until each of them runs its program."""
    for host in range(1, BRIDGES + 1):
        ovs.vsctl("set-controller", f"br{host}", f"tcp:127.0.0.1:{server.ports['openflow']}")
    synced(server, BRIDGES)

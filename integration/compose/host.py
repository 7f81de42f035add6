"""A host in a container: Open vSwitch in user space, workloads on it, and the host agent."""

from __future__ import annotations

import os
import subprocess

from integration.bed.build import UPLINK, Bed, plug_workloads, raise_host
from integration.bed.layout import Layout
from integration.bed.netns import Namespace
from integration.compose import node
from translators.plan.model import Host

FOREVER = float("inf")


def start(name: str) -> None:
    """Raise the host's side of the plan, then stay for as long as its programs run."""
    layout = node.layout()
    host = layout.plan.host[name]
    bed = Bed(layout)
    namespace = node.own(layout.namespace(name))
    cables = node.cables(os.environ["FSDN_CABLES"])
    node.plug(cables, node.interfaces())
    store, switch = raise_host(bed, host, outside=frozenset(cables) - {UPLINK})
    agent = start_agent(layout, namespace, host)
    node.READY.touch()
    plug_workloads(bed, host, patience=FOREVER)
    node.stay({store.pid: "ovsdb-server", switch.pid: "ovs-vswitchd", agent.pid: "fsdn agent"})


def start_agent(layout: Layout, namespace: Namespace, host: Host) -> subprocess.Popen[bytes]:
    """Start ``fsdn agent``; where the server is and whom to trust, the environment says."""
    argv = ["fsdn", "agent", "--role", "host", "--name", host.name, "--datapath", "netdev"]
    argv += ["--agent-state", str(layout.directory(host.name) / "agent"), "--concurrency", "1"]
    argv += ["--proxy-namespace", layout.proxy(host.name).name]
    argv += ["--tls-cert", f"{node.KEYS}/tls.crt", "--tls-key", f"{node.KEYS}/tls.key"]
    argv += ["--tls-ca", f"{node.KEYS}/ca.crt"]
    return namespace.spawn(argv, node.OUTPUT, Bed(layout).vswitch(host.name).environment)


if __name__ == "__main__":
    node.main(start)

"""A switch of the fabric in a container: FRR with nothing configured, and the switch agent."""

from __future__ import annotations

import os
from pathlib import Path

from integration.bed import netns
from integration.bed.build import echo
from integration.bed.fabric import DAEMONS, BedSwitch, start_frr, wire_host
from integration.bed.layout import Layout
from integration.compose import node

FRR = Path("/run/frr")


def start(name: str) -> None:
    """Raise the switch, then stay for as long as FRR's daemons and the agent run."""
    layout = node.layout()
    switch = BedSwitch(name, node.own(layout.namespace(name)), FRR)
    node.plug(node.cables(os.environ["FSDN_CABLES"]), node.interfaces())
    raise_bare_ports(layout, switch)
    start_frr(switch)
    argv = ["fsdn", "agent", "--role", "switch", "--name", name]
    argv += ["--agent-state", str(layout.run / "agent"), "--vty-dir", f"{FRR}"]
    agent = switch.namespace.spawn([*argv, "--config-dir", f"{FRR}"], node.OUTPUT)
    daemons = {switch.pid(daemon): daemon for daemon in DAEMONS}
    node.stay({**daemons, agent.pid: "fsdn agent"})


def raise_bare_ports(layout: Layout, switch: BedSwitch) -> None:
    """Put a plain machine, which answers probes, behind each bare port of a leaf."""
    for port in layout.bare_ports():
        if port.switch == switch.name:
            namespace = netns.create(layout.namespace(port.name).name)
            wire_host(switch, port.name, namespace, "eth0")
            namespace.ip(f"addr add {port.address} dev eth0", "link set eth0 mtu 1400")
            echo(namespace, layout, str(port.address.ip))


if __name__ == "__main__":
    node.main(start)

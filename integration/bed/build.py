"""Raise the bed and take it down again: every namespace, cable, switch, server and agent of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from integration.bed import agents, netns
from integration.bed.controller import Controller
from integration.bed.fabric import BedSwitch, create_fabric, wire_host
from integration.bed.layout import Layout
from integration.bed.netns import BedError, End, Namespace
from integration.bed.vswitch import Vswitch
from integration.bed.workload import attach
from translators.plan.model import Host

UPLINK = "fabric"  # a host's interface towards its leaf
SERVER_PORT = 8080  # where every workload's HTTP server listens


@dataclass(slots=True)
class Bed:
    """What stands: filled in as it is raised."""

    layout: Layout
    switches: dict[str, BedSwitch] = field(default_factory=dict)
    server: subprocess.Popen[bytes] | None = None

    @property
    def controller(self) -> Controller:
        """The controller, to start it and to ask it."""
        return Controller(self.layout)

    def vswitch(self, host: str) -> Vswitch:
        """Return a host's Open vSwitch."""
        return Vswitch(self.layout.namespace(host), self.layout.directory(host) / "ovs")


def raise_wires(bed: Bed) -> None:
    """Create the management network, the fabric with FRR running empty, and the hosts' places."""
    layout = bed.layout
    _management(layout)
    hosts = {
        host.name: netns.create(layout.namespace(host.name).name) for host in layout.plan.hosts
    }
    run = layout.run / "fabric"
    bed.switches = create_fabric(layout.plan, layout.prefix, run, hosts)
    for device in layout.managed:
        _manage(layout, device)
    for port in layout.bare_ports():
        namespace = netns.create(layout.namespace(port.name).name)
        wire_host(bed.switches[port.switch], port.name, namespace, "eth0")
        namespace.ip(f"addr add {port.address} dev eth0", "link set eth0 mtu 1400")
        echo(namespace, layout, str(port.address.ip))


def _management(layout: Layout) -> None:
    namespace = netns.create(layout.management.name)
    namespace.ip(
        "link add mgmt type bridge",
        f"addr add {layout.controller}/24 dev mgmt",
        "link set mgmt up",
    )


def _manage(layout: Layout, device: str) -> None:
    """Wire a device to the management bridge."""
    namespace = layout.namespace(device)
    netns.wire(End(namespace, "mgmt0"), End(layout.management, device))
    namespace.ip(f"addr add {layout.management_address(device)} dev mgmt0")
    layout.management.ip(f"link set {device} master mgmt")


def raise_host(
    bed: Bed, host: Host, outside: Container[str] = ()
) -> tuple[subprocess.Popen[bytes], ...]:
    """Start a host's Open vSwitch, its underlay and its workloads' servers; no bridge yet.

    Workloads whose port is ``outside`` are wired by someone else. Returns the vswitch's daemons.
    """
    layout = bed.layout
    vswitch = bed.vswitch(host.name)
    daemons = vswitch.start()
    if host.tunnel is None or host.gateway is None:
        raise BedError(f"host {host.name} has no tunnel: give it one, the bed crosses the fabric")
    others = {h.tunnel.network for h in layout.plan.hosts if h.tunnel} - {host.tunnel.network}
    vswitch.underlay(UPLINK, str(host.tunnel), str(host.gateway), map(str, sorted(others)))
    echo(vswitch.namespace, layout, str(host.tunnel.ip))
    for endpoint in (e for e in layout.on(host) if e.port not in outside):
        name = layout.workload(endpoint.name).name
        namespace = attach(name, vswitch.namespace, layout.place(endpoint))
        own = endpoint.name.partition("/")[2]
        _python(namespace, layout, "server", own, f"--port={SERVER_PORT}")
    return daemons


def echo(namespace: Namespace, layout: Layout, address: str) -> None:
    """Answer probes (``integration.bed.probe``) at an address of a namespace."""
    _python(namespace, layout, "probe", address, "--echo")


def _python(namespace: Namespace, layout: Layout, module: str, *arguments: str) -> None:
    argv = [sys.executable, "-m", f"integration.bed.{module}", *arguments]
    namespace.spawn(argv, layout.root / f"{namespace.name}.log")


def raise_agents(bed: Bed) -> None:
    """Start the agent of every switch and host; they wait for the policy that names them."""
    for switch in bed.switches.values():
        agents.start_switch_agent(bed.layout, bed.controller, switch)
    for host in bed.layout.plan.hosts:
        agents.start_host_agent(bed.layout, bed.controller, bed.vswitch(host.name), host)


def plug_workloads(bed: Bed, host: Host, patience: float = 60.0) -> None:
    """Add the workloads' ports to the bridge, once the host's agent has made it."""
    vswitch = bed.vswitch(host.name)

    def is_made() -> bool:
        return host.proxy_port in vswitch.vsctl("--bare", "--columns=name", "list", "port").split()

    until(is_made, f"the agent of {host.name} made no bridge {host.bridge}", patience)
    vswitch.plug(host.bridge, *(endpoint.port for endpoint in bed.layout.on(host)))


def until(condition: Callable[[], object], complaint: str, patience: float = 60.0) -> None:
    """Wait until a condition holds, at most ``patience`` seconds; then BedError, the complaint."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise BedError(f"{complaint} within {patience:.0f} s")
        time.sleep(0.1)


def at_once(*tasks: Callable[[], object]) -> None:
    """Run tasks beside each other; the first failure is raised when all have ended."""
    with ThreadPoolExecutor(max(1, len(tasks))) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()


def tear_down(prefix: str, run: Path) -> tuple[str, ...]:
    """Remove what stands under this prefix, whoever built it; return the namespaces removed."""
    standing = netns.existing(prefix)
    netns.remove(standing)
    shutil.rmtree(run, ignore_errors=True)
    return tuple(namespace.name for namespace in standing)

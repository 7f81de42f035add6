"""Two hosts with a tunnel between them, workloads in namespaces, and the compiled flows on both."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path

from integration.bed import netns
from integration.bed.netns import End, Namespace
from integration.bed.traffic import Report, ask, probing
from integration.bed.vswitch import Vswitch
from integration.bed.workload import Place, attach
from tests.waiting import until
from translators.compiler.pipeline import compile_policy
from translators.diagnostics import has_errors
from translators.openflow.render import render
from translators.openflow.translate import translate
from translators.plan.model import Endpoint, External, Host, Plan
from translators.policy.load import load

GATEWAYS = ("198.51.100.1/24", "2001:db8:ee::1/64")  # of the network that hosts lead out by
SITE = ("203.0.113.7/32", "2001:db8:3::7/128")


@dataclass(frozen=True, slots=True)
class RoutedBed:
    """What stands: ``workloads`` and ``vswitches`` by name, the workloads' without the tenant."""

    prefix: str
    directory: Path
    plan: Plan
    vswitches: dict[str, Vswitch]
    workloads: dict[str, Namespace]

    def hits(self, host: str, cookie: int) -> int:
        """Return how many packets the flows with a cookie have counted."""
        vswitch = self.vswitches[host]
        vswitch.appctl("revalidator/purge")  # hands in what the caches have counted
        text = vswitch.ofctl("dump-flows", "br-int", f"cookie={cookie:#x}/-1")
        return sum(int(count) for count in re.findall(r"n_packets=(\d+)", text))


@contextmanager
def routed_bed(policy: str) -> Iterator[RoutedBed]:
    """Raise two hosts that run a policy's flows; take everything down in the end."""
    prefix = f"fsdnr{os.getpid()}"
    directory = Path(tempfile.mkdtemp(prefix=prefix))
    loaded = load(policy, "bed.yaml")
    compiled = compile_policy(loaded.documents)
    assert not has_errors((*loaded.diagnostics, *compiled.diagnostics)), compiled.diagnostics
    try:
        yield _raised(prefix, directory, compiled.plan)
    finally:
        netns.remove(netns.existing(prefix))
        shutil.rmtree(directory)


def _raised(prefix: str, directory: Path, plan: Plan) -> RoutedBed:
    bed = RoutedBed(prefix, directory, plan, {}, {})
    for host in plan.hosts:
        namespace = netns.create(f"{prefix}-{host.name}")
        bed.vswitches[host.name] = Vswitch(namespace, directory / host.name)
    first, second = bed.vswitches.values()
    netns.wire(End(first.namespace, "wire"), End(second.namespace, "wire"))
    for host, other in zip(plan.hosts, reversed(plan.hosts), strict=True):
        _host(bed, host, other)
    return bed


def _host(bed: RoutedBed, host: Host, other: Host) -> None:
    vswitch = bed.vswitches[host.name]
    vswitch.start()
    assert host.tunnel is not None
    assert other.tunnel is not None
    vswitch.underlay("wire", str(host.tunnel), str(other.tunnel.ip), ())
    bridge = "add-br br-int -- set bridge br-int datapath_type=netdev fail_mode=secure"
    tunnel = f"add-port br-int {host.tunnel_port} -- set interface {host.tunnel_port} type=vxlan"
    vswitch.vsctl(*bridge.split(), "protocols=OpenFlow15")
    vswitch.vsctl(*tunnel.split(), "options:key=flow", "options:remote_ip=flow")
    for endpoint in (e for e in bed.plan.endpoints if e.host == host.name):
        _workload(bed, vswitch, endpoint)
    if host.external is not None:
        _outside(bed, vswitch, host.external)
    names = vswitch.vsctl("list-ports", "br-int").split()
    ports = {n: int(vswitch.vsctl("get", "interface", n, "ofport")) for n in names}
    flows = render(translate(bed.plan, host.name, ports))
    vswitch.ofctl("--bundle", "bundle", "br-int", "-", text=flows)


def _workload(bed: RoutedBed, vswitch: Vswitch, endpoint: Endpoint) -> None:
    segment = bed.plan.segment[endpoint.segment]
    own = [(a, s.prefixlen) for a in endpoint.addresses for s in segment.subnets if a in s]
    addresses = tuple(ip_interface(f"{address}/{length}") for address, length in own)
    families = {address.version for address in endpoint.addresses}
    gateways = tuple(str(g) for g in segment.gateways if g.version in families)
    name = endpoint.name.partition("/")[2]
    place = Place(endpoint.port, endpoint.mac, addresses, gateways, segment.mtu)
    namespace = attach(f"{bed.prefix}-{name}", vswitch.namespace, place)
    bed.workloads[name] = namespace
    vswitch.plug("br-int", endpoint.port)
    serve(bed, namespace, name, tuple(str(address) for address in endpoint.addresses))


def _outside(bed: RoutedBed, vswitch: Vswitch, external: External) -> None:
    """Wire a namespace that stands for the networks outside, with a site that lies beyond it."""
    namespace = netns.create(f"{bed.prefix}-outside")
    inside = End(namespace, "eth0", external.gateway_mac)
    netns.wire(End(vswitch.namespace, external.port), inside)
    netns.checksums_by_software(inside)
    namespace.ip(
        *(f"addr add {a} dev eth0" for a in GATEWAYS), *(f"addr add {a} dev lo" for a in SITE)
    )
    vswitch.plug("br-int", external.port)
    bed.workloads["outside"] = namespace
    serve(bed, namespace, "outside", tuple(address.partition("/")[0] for address in SITE))


def serve(bed: RoutedBed, namespace: Namespace, name: str, addresses: tuple[str, ...]) -> None:
    """Start an HTTP server on port 8080, and UDP echoes for these addresses.

    An echo on all addresses would answer from another than it was asked.
    """
    log = bed.directory / f"{name}.log"
    argv = [sys.executable, "-m", "integration.bed.server", name, "--host=0.0.0.0", "--host=::"]
    namespace.spawn(argv, log)
    for address in addresses:
        namespace.spawn([sys.executable, "-m", "integration.bed.probe", address, "--echo"], log)


def until_answered(client: Namespace, url: str) -> Report:
    """Ask until there is an answer, and return it."""

    def answer() -> Report | None:
        report = ask(client, url, timeout=1.0)
        return report if report.answered else None

    report = until(answer, lambda: f"no answer from {url}")
    assert report is not None
    return report


def until_echoed(client: Namespace, address: str) -> None:
    """Probe an echo until it answers: it may have been started a moment ago."""

    def answers() -> int:
        with probing(client, address) as stop:
            return int(stop()["answered"])

    until(answers, lambda: f"no echo from {address}")


def ping(client: Namespace, address: str, *options: str, patience: int = 10) -> str:
    """Return what one ping says, whether it is answered or not."""
    return client.run("sh", "-c", f"ping -c1 -W{patience} {' '.join(options)} {address} || true")


def is_silent(client: Namespace, address: str, *options: str) -> bool:
    """Whether a ping is not answered for a second."""
    return "1 received" not in ping(client, address, *options, patience=1)


def literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address

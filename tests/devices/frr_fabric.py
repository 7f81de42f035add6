"""A small fabric on real FRR for tests: namespaces, hosts, bare ports, and what they can reach."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from integration.bed import netns
from integration.bed.fabric import BedSwitch, create_fabric, remove_fabric, wire_host
from integration.bed.netns import Namespace
from tests.waiting import PATIENCE
from translators.fabric import translate
from translators.plan.model import Plan
from xds_server.snapshots.model import SwitchConfig, content_version
from xds_server.southbound.frr import FrrSwitch
from xds_server.southbound.frr_commands import FrrPaths

_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Fabric:
    """A running fabric: its switches, and the namespaces behind their ports by name."""

    plan: Plan
    switches: dict[str, BedSwitch]
    outside: dict[str, Namespace]

    def device(self, name: str) -> FrrSwitch:
        switch = self.switches[name]
        return FrrSwitch(name, FrrPaths.private(switch.directory), switch.namespace.name)

    async def apply_all(self) -> dict[str, int]:
        """Apply the plan everywhere and return the lines written, by switch."""
        written = {}
        for name in self.switches:
            evidence = await self.device(name).apply(config(self.plan, name))
            written[name] = getattr(evidence, "written", -1)
        return written


def config(plan: Plan, name: str, frr: str | None = None, links: str | None = None) -> SwitchConfig:
    text = translate(plan, name)
    frr, links = frr or text.frr, links or text.links
    return SwitchConfig(name, frr, links, content_version(frr.encode(), links.encode()))


@contextmanager
def running(plan: Plan) -> Iterator[Fabric]:
    """Raise the plan's fabric with FRR empty, its hosts and bare ports wired; tear it down."""
    prefix = f"fx{os.getpid()}x{next(_NUMBERS)}"
    directory = Path(tempfile.mkdtemp(prefix="fsdn-frr-"))
    directory.chmod(0o755)  # FRR's own user passes through
    outside: dict[str, Namespace] = {}
    switches: dict[str, BedSwitch] = {}
    try:
        for host in plan.hosts:
            outside[host.name] = netns.create(f"{prefix}-{host.name}")
        switches = create_fabric(plan, prefix, directory, outside)
        for host in plan.hosts:
            outside[host.name].ip(
                f"addr add {host.tunnel} dev fabric", f"route add default via {host.gateway}"
            )
        for number, (leaf, port, segment) in enumerate(_bare_ports(plan), start=1):
            outside[port] = netns.create(f"{prefix}-{port}")
            wire_host(switches[leaf], port, outside[port])
            prefixed = plan.segment[segment].subnets[0]
            address = f"{prefixed[100 + number]}/{prefixed.prefixlen}"
            outside[port].ip(f"addr add {address} dev fabric", "link set fabric mtu 1400")
        yield Fabric(plan, switches, outside)
    finally:
        netns.remove(outside.values())
        netns.remove(netns.existing(prefix))
        remove_fabric(switches.values())
        shutil.rmtree(directory)


def _bare_ports(plan: Plan) -> list[tuple[str, str, str]]:
    return sorted((s.name, p.name, p.segment) for s in plan.switches for p in s.ports)


def bare_address(plan: Plan, port: str) -> str:
    for number, (_, name, segment) in enumerate(_bare_ports(plan), start=1):
        if name == port:
            return str(plan.segment[segment].subnets[0][100 + number])
    raise KeyError(port)


def ping(source: Namespace, address: str, *more: str) -> bool:
    argv = source.command("ping", "-c", "1", "-W", "1", *more, address)
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def reaches(source: Namespace, address: str, within: float = PATIENCE) -> bool:
    """Whether a ping is answered within so many seconds."""
    deadline = time.monotonic() + within
    while not ping(source, address):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

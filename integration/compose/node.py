"""What the containers of hosts, switches and the gateway have in common: cables, plan, end."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from integration.bed.layout import Layout
from integration.bed.netns import BedError, Namespace, run
from translators.compiler.pipeline import compile_policy
from translators.plan.model import Plan
from translators.policy.load import load

PREFIX = "fsdn"  # begins the names of the namespaces inside a container
POLICY = Path("/policy")
KEYS = Path("/run/keys")
OUTPUT = Path("/dev/stdout")  # what programs say is what the container says
READY = Path("/run/fsdn/ready")  # is there once the node's own programs run


def layout() -> Layout:
    """Lay out the policy that is mounted into the container; BedError if it does not compile."""
    return Layout(plan_of(POLICY), PREFIX, Path("/run/fsdn"))


def plan_of(*directories: Path) -> Plan:
    """Compile all documents below directories; BedError with what is wrong if there is no plan."""
    files = sorted(file for directory in directories for file in directory.rglob("*.yaml"))
    loaded = [load(f.read_text(), f.name) for f in files]
    compiled = compile_policy([document for one in loaded for document in one.documents])
    if not compiled.plan.hosts:
        findings = [d for one in loaded for d in one.diagnostics] + list(compiled.diagnostics)
        raise BedError(
            f"the policy in {', '.join(map(str, directories))} makes no plan:\n"
            + "\n".join(map(str, findings))
        )
    return compiled.plan


def own(namespace: Namespace) -> Namespace:
    """Give the container's own network namespace a name, by which the bed's code works in it."""
    # Docker mounts the kernel's variables read-only: the namespaces made in here need theirs.
    run(["mount", "-o", "remount,rw", "/proc/sys"])
    run(["ip", "netns", "attach", namespace.name, str(os.getpid())])
    namespace.sysctl(
        ipv4__conf__all__rp_filter=0,
        ipv4__conf__default__rp_filter=0,
        ipv6__conf__all__disable_ipv6=0,
        ipv6__conf__default__disable_ipv6=0,
        ipv6__conf__all__accept_dad=0,
        ipv6__conf__default__accept_dad=0,
        ipv6__conf__default__accept_ra=0,
    )
    return namespace


def cables(text: str) -> dict[str, str]:
    """Return the ports that ``PORT=ADDRESS ...`` names, each with the address Docker gave it."""
    return dict(entry.split("=", 1) for entry in text.split())


def interfaces() -> dict[str, str]:
    """Return the interfaces of this namespace by their IPv4 addresses."""
    found = json.loads(run(["ip", "-4", "-j", "addr"]))
    return {a["local"]: link["ifname"] for link in found for a in link["addr_info"]}


def plug(ports: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Make the interfaces of these addresses plain cables: named as the port, without address."""
    for port, address in ports.items():
        if address not in found:
            raise BedError(f"no interface has {address}: is the network of port {port} attached?")
        name = found[address]
        run(["ip", "addr", "flush", "dev", name])
        run(["ip", "link", "set", name, "down"])
        run(["ip", "link", "set", name, "name", port])
        run(["ip", "link", "set", port, "up"])


def stay(needed: Mapping[int, str]) -> None:
    """Wait until a needed program ends, which ends the container: Docker starts it again.

    As process 1 of the container this collects every other orphan as well.
    """
    READY.parent.mkdir(parents=True, exist_ok=True)
    READY.touch()
    while True:
        pid, status = os.wait()
        if pid in needed:
            sys.exit(f"{needed[pid]} ended with {os.waitstatus_to_exitcode(status)}")


def main(start: Callable[[str], None]) -> None:
    """Run a node under its container's name; what cannot be had is one sentence, not a trace."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        start(os.environ["FSDN_NODE"])
    except BedError as error:
        sys.exit(str(error))

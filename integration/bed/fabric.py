"""The bed's fabric: a namespace for each switch, with FRR running in it and nothing configured.

Each FRR has a directory of its own for sockets, configuration and logs, owned by ``frr``, and runs
in its own UTS namespace under the switch's name. What it is to do, an agent or a test tells it.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from integration.bed import netns
from integration.bed.netns import BedError, End, Namespace
from translators.plan.model import Plan

DAEMONS = ("zebra", "bgpd", "bfdd", "staticd")
_LIBRARY = Path("/usr/lib/frr")
_PATIENCE = 60.0  # seconds for daemons to answer


@dataclass(frozen=True, slots=True, order=True)
class BedSwitch:
    """One switch of the bed: its name in the policy, its namespace, and FRR's directory."""

    name: str
    namespace: Namespace
    directory: Path

    def vtysh(self, command: str) -> str:
        """Run one vtysh command and return what it prints; a failure raises BedError."""
        where = str(self.directory)
        argv = ["vtysh", "--vty_socket", where, "--config_dir", where, "-c", command]
        return netns.run(_named(self.name, argv))

    def pid(self, daemon: str) -> int:
        """Return the process id of one of its daemons."""
        return int((self.directory / f"{daemon}.pid").read_text())


def create_fabric(
    plan: Plan, prefix: str, directory: Path, hosts: Mapping[str, Namespace] | None = None
) -> dict[str, BedSwitch]:
    """Create every switch of a plan, wired as its links say, FRR running empty.

    ``hosts`` maps host names to existing namespaces, each of which is wired to its leaf by an
    interface ``fabric`` (see ``wire_host``). Namespaces are named ``prefix-switch``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    switches = {
        s.name: BedSwitch(s.name, netns.create(f"{prefix}-{s.name}"), directory / s.name)
        for s in plan.switches
    }
    for link in plan.links:
        (a, a_port), (b, b_port) = link.a, link.b
        netns.wire(End(switches[a].namespace, a_port), End(switches[b].namespace, b_port))
    for host in plan.hosts:
        if hosts and host.name in hosts and host.switch and host.switch_port:
            wire_host(switches[host.switch], host.switch_port, hosts[host.name])
    for switch in switches.values():
        start_frr(switch)
    return switches


def wire_host(switch: BedSwitch, port: str, host: Namespace, interface: str = "fabric") -> None:
    """Connect a host, or whatever is behind a bare port, to a port of a switch; both ends up."""
    netns.wire(End(switch.namespace, port), End(host, interface))


def start_frr(switch: BedSwitch) -> None:
    """Start the daemons and wait until they answer; BedError when they do not.

    A configuration that was saved before is read by vtysh, as FRR's own start script does.
    """
    _prepare(switch.directory)
    for daemon in DAEMONS:
        netns.run(switch.namespace.command(*_named(switch.name, _daemon(switch, daemon))))
    _wait(switch)
    if (switch.directory / "frr.conf").exists():
        where = str(switch.directory)
        netns.run(
            _named(switch.name, ["vtysh", "--vty_socket", where, "--config_dir", where, "-b"])
        )


def stop_frr(switch: BedSwitch) -> None:
    """End the daemons of one switch by their ids and wait for their end; absent ones are fine."""
    pids = [int(p.read_text()) for p in sorted(switch.directory.glob("*.pid"))]
    alive = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    if alive:
        netns.run(["kill", *map(str, alive)])
    deadline = time.monotonic() + _PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in alive):
        if time.monotonic() > deadline:
            raise BedError(f"{switch.name}: FRR does not end: {alive}")
        time.sleep(0.05)
    for path in switch.directory.glob("*.pid"):
        path.unlink()


def remove_fabric(switches: Iterable[BedSwitch]) -> None:
    """Take the switches away: processes, namespaces, directories."""
    doomed = tuple(switches)
    netns.remove(switch.namespace for switch in doomed)
    for switch in doomed:
        shutil.rmtree(switch.directory, ignore_errors=True)


def _prepare(directory: Path) -> None:
    """FRR's daemons drop to their own user, who must reach and own the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    conf = directory / "vtysh.conf"
    conf.write_text("service integrated-vtysh-config\n")
    for path in (directory, conf):
        shutil.chown(path, "frr", "frrvty")
    directory.chmod(0o750)


def _daemon(switch: BedSwitch, daemon: str) -> list[str]:
    where = switch.directory
    argv = [str(_LIBRARY / daemon), "-d", "-f", "/dev/null", "-P", "0"]
    argv += ["-i", f"{where}/{daemon}.pid", "--vty_socket", f"{where}", "-z", f"{where}/zserv.api"]
    argv += ["--log", f"file:{where}/{daemon}.log"]
    return [*argv, "--bfdctl", f"{where}/bfdd.sock"] if daemon == "bfdd" else argv


def _named(name: str, argv: list[str]) -> list[str]:
    return ["unshare", "--uts", "--", "sh", "-c", 'hostname "$0" && exec "$@"', name, *argv]


def _wait(switch: BedSwitch) -> None:
    deadline = time.monotonic() + _PATIENCE
    argv = ["vtysh", "--vty_socket", str(switch.directory), "-c", "show daemons"]
    while time.monotonic() < deadline:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if set(DAEMONS) <= set(done.stdout.split()):
            return
        time.sleep(0.05)
    raise BedError(f"{switch.name}: FRR does not answer in {switch.directory}; see its logs there")

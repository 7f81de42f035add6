"""One Open vSwitch of a host: its own database and daemon in the host's namespace, userspace."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from integration.bed.netns import BedError, Namespace, run

SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
# Options of ovsdb-server, with the columns that ``ovs-vsctl set-ssl`` fills.
KEYS = {"private-key": "private_key", "certificate": "certificate", "ca-cert": "ca_cert"}
PATIENCE = 60.0  # seconds until a daemon must answer


@dataclass(frozen=True, slots=True)
class Vswitch:
    """The daemons' place: ``rundir`` holds the database, sockets, pid files and logs."""

    namespace: Namespace
    rundir: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """What the ovs commands need in their environment to find this instance."""
        return {"OVS_RUNDIR": str(self.rundir), "OVS_LOGDIR": str(self.rundir)}

    def start(self) -> tuple[subprocess.Popen[bytes], ...]:
        """Create the database if there is none, start both daemons and wait until they answer."""
        self.rundir.mkdir(parents=True, exist_ok=True)
        database = self.rundir / "conf.db"
        if not database.exists():
            run(["ovsdb-tool", "create", str(database), str(SCHEMA)])
        store = self._daemon(
            "ovsdb-server",
            str(database),
            f"--remote=punix:{self.rundir}/db.sock",
            "--remote=db:Open_vSwitch,Open_vSwitch,manager_options",
            *(f"--{option}=db:Open_vSwitch,SSL,{column}" for option, column in KEYS.items()),
        )
        self._await("db.sock", store)
        self.vsctl("--no-wait", "init")
        switch = self.start_daemon()
        return store, switch

    def start_daemon(self) -> subprocess.Popen[bytes]:
        """Start ovs-vswitchd alone (again) and wait until it has read its database."""
        # The kernel's datapath is not asked for: the bed must work where the module is missing.
        switch = self._daemon("ovs-vswitchd", f"unix:{self.rundir}/db.sock", "--disable-system")
        self._await("ovs-vswitchd.ctl", switch)
        return switch

    def vsctl(self, *arguments: str) -> str:
        """Run ``ovs-vsctl`` against this instance."""
        return self._tool("ovs-vsctl", "--timeout=10", *arguments)

    def ofctl(self, *arguments: str, text: str | None = None) -> str:
        """Run ``ovs-ofctl`` with OpenFlow 1.5 against this instance."""
        return self._tool("ovs-ofctl", "-O", "OpenFlow15", *arguments, text=text)

    def appctl(self, *arguments: str) -> str:
        """Run ``ovs-appctl`` against the ovs-vswitchd of this instance."""
        return self._tool("ovs-appctl", "-t", f"{self.rundir}/ovs-vswitchd.ctl", *arguments)

    def plug(self, bridge: str, *ports: str) -> None:
        """Add interfaces of the host to a bridge, in one transaction."""
        adds = (f"-- --may-exist add-port {bridge} {port}" for port in ports)
        self.vsctl(*" ".join(adds).split())

    def underlay(self, uplink: str, address: str, gateway: str, others: Iterable[str]) -> None:
        """Put the uplink and the tunnel's own address on a plain bridge, as OVS's manual has it.

        ``others`` are the networks of other tunnels' ends. The default route is left alone: in a
        container it is Docker's.

        A userspace tunnel leaves by whichever bridge holds the kernel's route to the remote end,
        so that bridge, not the interface, must own the address.
        """
        [link] = json.loads(self.namespace.run("ip", "-j", "link", "show", "dev", uplink))
        bridge = "--may-exist add-br br-phy -- set bridge br-phy datapath_type=netdev"
        # As on a machine that starts again: what a leaf knows of the neighbour stays right.
        bridge += f" other_config:hwaddr={link['address']}"
        port = f"fail_mode=standalone -- --may-exist add-port br-phy {uplink}"
        self.vsctl(*bridge.split(), *port.split())
        self.namespace.ip(
            f"addr replace {address} dev br-phy",
            "link set br-phy up",
            *(f"route replace {network} via {gateway}" for network in others),
        )

    def _tool(self, *argv: str, text: str | None = None) -> str:
        return self.namespace.run(*argv, text=text, env=self.environment)

    def _daemon(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        argv = [
            program,
            *arguments,
            f"--pidfile={self.rundir}/{program}.pid",
            f"--unixctl={self.rundir}/{program}.ctl",
            f"--log-file={self.rundir}/{program}.log",
            "-vconsole:off",
        ]
        return self.namespace.spawn(argv, self.rundir / f"{program}.out", self.environment)

    def _await(self, socket: str, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not (self.rundir / socket).exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise BedError(f"{socket} did not appear; see the logs in {self.rundir}")
            time.sleep(0.02)

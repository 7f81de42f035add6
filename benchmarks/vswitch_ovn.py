"""The peer: OVN from Debian (ovn-northd and ovn-controller) on a private Open vSwitch.

Databases, sockets and logs are in a directory of its own, and nothing is left of it. The command
that changes the network goes to an ``ovn-nbctl`` that keeps its connection, as OVN's manual
recommends to programs, and waits until ovn-controller has heard the bridge's barrier
(``--wait=hv``).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.xds_process import ProcessError
from tests.devices.ovs import PrivateOvs, Unixctl

PROGRAMS = ("ovn-northd", "ovn-controller", "ovn-nbctl", "ovn-trace")
SCHEMAS = Path("/usr/share/ovn")
BRIDGE = "br-int"
_NEW = ("--ct=new",) * 2  # what conntrack says at the source, and at the destination


class PrivateOvn(PrivateOvs):
    """An OVN with one chassis, whose bridge has the dummy datapath."""

    def __init__(self) -> None:
        if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
            mend = "install ovn-central and ovn-host"
            raise ProcessError(f"{', '.join(missing)} of the peer is missing: {mend}")
        super().__init__()
        self.version = ""
        self._nbctl: Unixctl | None = None
        self._trace: Unixctl | None = None
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def start_chassis(self, ports: Iterable[str]) -> None:
        """Bind the bridge's ports to logical ports of the same names, and start the daemons."""
        for kind in ("nb", "sb"):
            self._database(kind)
        remotes = (f"--ovnnb-db=unix:{self._socket('nb')}", f"--ovnsb-db=unix:{self._socket('sb')}")
        self._daemon("ovn-northd", *remotes)
        settings = {
            "system-id": "chassis1",
            "ovn-remote": f"unix:{self._socket('sb')}",
            "ovn-encap-type": "geneve",
            "ovn-encap-ip": "127.0.0.1",
            "ovn-bridge-datapath-type": "dummy",
        }
        self.vsctl("set", "open", ".", *(f"external_ids:{k}={v}" for k, v in settings.items()))
        for port in ports:
            self.vsctl("set", "interface", port, f"external_ids:iface-id={port}")
        # Its control socket has a name of its own choice, and is not needed.
        self._spawn("ovn-controller", f"unix:{self.database}", self._log("ovn-controller"))
        self._daemons["ovn-controller"] = self._processes[-1]
        self._daemon("ovn-nbctl", f"--db=unix:{self._socket('nb')}", "--detach", "--no-chdir")
        self._nbctl = Unixctl(self._control("ovn-nbctl"))
        self.version = self._run("ovn-northd", "--version").splitlines()[0]

    def change(self, commands: Sequence[Sequence[str]]) -> None:
        """Carry out commands in one transaction; return when the bridge has what follows."""
        assert self._nbctl is not None
        joined = [word for command in commands for word in ("--", *command)]
        self._nbctl.call("run", "--wait=hv", *joined)

    def trace(self, flow: str) -> str:
        """Return how the logical network treats a packet, said by a tracer that keeps running.

        It reads the network once, when it starts.
        """
        if self._trace is None:
            remote = f"--db=unix:{self._socket('sb')}"
            self._daemon("ovn-trace", remote, *_NEW, "--detach", "--no-chdir")
            self._trace = Unixctl(self._control("ovn-trace"))
        return self._trace.call("trace", "lan", flow)

    def trace_command(self, flow: str) -> str:
        """Return the same as a user who runs the command."""
        return self._run("ovn-trace", f"--db=unix:{self._socket('sb')}", *_NEW, "lan", flow)

    def memory_kib(self) -> float:
        """Return what the daemons of the control plane take (Pss), the databases included."""
        pages = [Path(f"/proc/{one.pid}/smaps_rollup") for one in self._daemons.values()]
        rows = (line for page in pages for line in page.read_text().splitlines())
        return sum(float(row.split()[1]) for row in rows if row.startswith("Pss:"))

    def stop(self) -> None:
        """End everything, and remove the files."""
        for client in (self._nbctl, self._trace):
            if client is not None:
                client.call("exit")
                client.close()
        self._nbctl = self._trace = None
        super().stop()

    def _database(self, kind: str) -> None:
        file = self.directory / f"ovn{kind}.db"
        self._run("ovsdb-tool", "create", str(file), str(SCHEMAS / f"ovn-{kind}.ovsschema"))
        control = f"--unixctl={self.directory / f'ovsdb-{kind}.ctl'}"
        self._spawn("ovsdb-server", str(file), f"--remote=punix:{self._socket(kind)}", control)
        self._daemons[f"ovsdb-server {kind}"] = self._processes[-1]
        self._wait_for(self._socket(kind))

    def _daemon(self, name: str, *arguments: str) -> None:
        command = (name, *arguments, f"--unixctl={self._control(name)}", self._log(name))
        if "--detach" in arguments:
            self._run(*command, "-vconsole:off")
            return
        self._spawn(*command)
        self._daemons[name] = self._processes[-1]
        self._wait_for(self._control(name))

    def _log(self, name: str) -> str:
        return f"--log-file={self.directory / f'{name}.log'}"

    def _control(self, name: str) -> Path:
        return self.directory / f"{name}.ctl"

    def _socket(self, kind: str) -> Path:
        return self.directory / f"ovn{kind}.sock"

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "OVN_RUNDIR": str(self.directory)}

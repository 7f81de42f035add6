"""A private Open vSwitch for tests: its own database, run directory and dummy datapath.

with PrivateOvs() as ovs:
    ovs.add_bridge("br-int", {"web": 1, "proxy": 2})
    ovs.add_flows("br-int", "table=0,actions=drop")
    text = ovs.call("ofproto/trace", "br-int", "in_port=1,ip")
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import PATIENCE

SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")


class OvsError(Exception):
    """An Open vSwitch command failed; the message holds what it printed."""


class Unixctl:
    """A client of a daemon's control socket (JSON-RPC 1.0 over a Unix stream, ovs-appctl(8))."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30.0)
        self._socket.connect(str(path))
        self._decoder = json.JSONDecoder()

    def call(self, method: str, *params: str) -> str:
        """Run one command and return what it prints; raises OvsError with the daemon's words."""
        request = {"id": 0, "method": method, "params": list(params)}
        self._socket.sendall(json.dumps(request).encode())
        reply = self._receive()
        if reply["error"] is not None:
            raise OvsError(f"{method} {' '.join(params)}: {reply['error']}")
        return str(reply["result"])

    def _receive(self) -> dict[str, object]:
        buffer = ""
        while True:
            chunk = self._socket.recv(1 << 16).decode()
            if not chunk:
                raise OvsError("the daemon closed its control socket")
            buffer += chunk
            if buffer.rstrip().endswith("}"):  # of the reply, or of a text within it
                with contextlib.suppress(json.JSONDecodeError):
                    return dict(self._decoder.raw_decode(buffer)[0])

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


class PrivateOvs:
    """An ovsdb-server and an ovs-vswitchd of our own; ended, with their files, on exit.

    ``dummy`` datapaths need no root and touch no interface; with ``dummy=False`` the userspace
    datapath (``netdev``) runs, whose ports may be real interfaces of the current namespace.
    """

    def __init__(self, dummy: bool = True) -> None:
        self.dummy = dummy
        self.directory = Path(tempfile.mkdtemp(prefix="fsdn-ovs-"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._unixctl: Unixctl | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def database(self) -> Path:
        """The OVSDB socket."""
        return self.directory / "db.sock"

    def management_socket(self, bridge: str) -> Path:
        """Return the Unix socket on which the bridge speaks OpenFlow."""
        return self.directory / f"{bridge}.mgmt"

    def call(self, method: str, *params: str) -> str:
        """Run an ``ovs-appctl`` command of ovs-vswitchd over the control socket."""
        if self._unixctl is None:
            self._unixctl = Unixctl(self.directory / "vswitchd.ctl")
        return self._unixctl.call(method, *params)

    def vsctl(self, *arguments: str) -> str:
        """Run ``ovs-vsctl`` on the private database."""
        return self._run("ovs-vsctl", f"--db=unix:{self.database}", "--timeout=60", *arguments)

    def ofctl(self, command: str, bridge: str, *arguments: str, stdin: str = "") -> str:
        """Run ``ovs-ofctl -O OpenFlow15 --bundle COMMAND`` on a bridge."""
        target = f"unix:{self.management_socket(bridge)}"
        bundle = ("--bundle",) if command.startswith(("add", "replace", "mod", "del")) else ()
        options = ("-O", "OpenFlow15", "--timeout=60", *bundle)
        return self._run("ovs-ofctl", *options, command, target, *arguments, stdin=stdin)

    def add_bridge(self, name: str, ports: Mapping[str, int], *options: str) -> None:
        """Add a secure bridge with these ports (dummy devices), by OpenFlow port number.

        ``options`` are further ``column=value`` settings of the bridge.
        """
        kind = "dummy" if self.dummy else "netdev"
        settings = (f"datapath_type={kind}", "fail_mode=secure", "protocols=OpenFlow15", *options)
        arguments = ["--", "add-br", name, "--", "set", "bridge", name, *settings]
        for port, number in sorted(ports.items()):
            device = [] if not self.dummy else ["type=dummy"]
            arguments += ["--", "add-port", name, port, "--", "set", "interface", port]
            arguments += [f"ofport_request={number}", *device]
        self.vsctl(*arguments)
        self._wait_for(self.management_socket(name))

    def add_flows(self, bridge: str, flows: str) -> None:
        """Add flows in one bundle; lines that begin with ``group`` or ``flow`` may be mixed."""
        mixed = any(line.startswith(("group", "flow")) for line in flows.splitlines())
        self.ofctl("bundle" if mixed else "add-flows", bridge, "-", stdin=flows)

    def stop(self) -> None:
        """End both daemons and remove their files."""
        if self._unixctl is not None:
            self._unixctl.close()
            self._unixctl = None
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self) -> None:
        conf = self.directory / "conf.db"
        self._run("ovsdb-tool", "create", str(conf), str(SCHEMA))
        self._spawn(
            "ovsdb-server",
            str(conf),
            f"--remote=punix:{self.database}",
            "--private-key=db:Open_vSwitch,SSL,private_key",
            "--certificate=db:Open_vSwitch,SSL,certificate",
            "--ca-cert=db:Open_vSwitch,SSL,ca_cert",
            f"--unixctl={self.directory / 'ovsdb.ctl'}",
            f"--log-file={self.directory / 'ovsdb.log'}",
        )
        self._wait_for(self.database)
        self._wait_for(self.directory / "ovsdb.ctl")
        self.vsctl("--no-wait", "init")
        self._spawn(
            "ovs-vswitchd",
            f"unix:{self.database}",
            *(("--enable-dummy",) if self.dummy else ()),
            "--disable-system",
            f"--unixctl={self.directory / 'vswitchd.ctl'}",
            f"--log-file={self.directory / 'vswitchd.log'}",
        )
        self._wait_for(self.directory / "vswitchd.ctl")

    def _environment(self) -> dict[str, str]:
        place = str(self.directory)
        paths = {f"OVS_{kind}DIR": place for kind in ("RUN", "LOG", "DB", "SYSCONF")}
        return {**os.environ, **paths, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}

    def _spawn(self, *command: str) -> None:
        self._processes.append(
            subprocess.Popen(
                [*command, "-vconsole:off"],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def _run(self, *command: str, stdin: str = "") -> str:
        done = subprocess.run(
            command,
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=90,
        )
        if done.returncode:
            raise OvsError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _wait_for(self, path: Path) -> None:
        """Wait until somebody listens: a bound socket has a path before it accepts."""
        deadline = time.monotonic() + PATIENCE
        while not _listening(path):
            for process in self._processes:
                if process.poll() is not None:
                    raise OvsError(f"{process.args!r} ended at once with {process.returncode}")
            if time.monotonic() > deadline:
                raise OvsError(f"{path} did not appear within {PATIENCE:.0f} s")
            time.sleep(0.01)


def _listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True

"""A host with real workloads in namespaces of their own, and TCP connections between them.

Sockets are opened within a workload's namespace and then used from here, so that a test sees to the
millisecond when either end of a connection learns something.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

from integration.bed import netns
from integration.bed.netns import Namespace
from integration.bed.vswitch import Vswitch
from integration.bed.workload import Place, attach
from tests.devices.clients import ENVOY
from tests.devices.session_ends import Session, entered
from tests.devices.sessions_policy import (
    ADDRESSES,
    HOST,
    NOUNS,
    SERVICE_PORT,
    TARGET,
    VIP,
    WORKLOAD,
    policy,
)
from tests.serving import FSDN, Serving
from tests.waiting import until

BRIDGE = "br-int"
CONTROLLER = "172.31.254.254"


@dataclass
class Bed:
    """Hosts with a vswitch each, workloads, and the server that drives them."""

    prefix: str
    directory: Path
    hosts: dict[str, Vswitch] = field(default_factory=dict)
    namespaces: dict[str, Namespace] = field(default_factory=dict)
    listeners: dict[str, socket.socket] = field(default_factory=dict)
    servers: list[Serving] = field(default_factory=list)
    left: set[str] = field(default_factory=set)  # listeners that do not serve the service now

    @property
    def server(self) -> Serving:
        return self.servers[0]

    def apply(self, *policies: str, protocol: str = "tcp", revoke: str = "drain") -> None:
        """Make these the only policies, and wait until the bridges run them."""
        file = self.directory / "policy.yaml"
        nouns = self.nouns.replace("PROTOCOL", protocol)
        nouns = nouns.replace("  selector:", f"  revoke: {revoke}\n  selector:")
        file.write_text(nouns + "".join(policies))
        self.run(file, "--prune")
        self.until_synced()

    def run(self, file: Path, *options: str) -> None:
        """Apply a file, and wait until the bridges that are here have acknowledged it."""
        wait = ("--wait", "acked", "--timeout", "60")
        done = self.fsdn("apply", "-f", str(file), *options, *wait)
        assert not done.returncode, done.stderr + done.stdout

    def until_synced(self) -> None:
        """Wait until every bridge is here and has acknowledged what it should run."""
        until(self.synced, lambda: self.fsdn("status", "-o", "wide").stdout)

    def synced(self) -> bool:
        """Whether every bridge is here and has acknowledged what it should run."""
        with entered(self.core):
            return self.server.in_step(*(f"bridge/{name}" for name in self.hosts))

    def fsdn(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line where the server is."""
        with entered(self.core):
            return self.server.fsdn(*arguments)

    @property
    def core(self) -> Namespace:
        return Namespace(f"{self.prefix}-core")

    @property
    def nouns(self) -> str:
        names = sorted(self.hosts)
        text = NOUNS + "".join(HOST.format(n=n) for n in range(1, len(names) + 1))
        for number, (name, address) in enumerate(ADDRESSES.items(), 1):
            host = names[-1] if name == "db" else names[0]
            app = "db" if name in self.listeners else name
            app = "nothing" if name in self.left else app
            mac = f"02:00:00:00:01:{number:02x}"
            text += WORKLOAD.format(name=name, app=app, address=address, mac=mac, host=host)
        return text

    def connect(self, client: str = "web", patience: float = 20.0, port: int = 0) -> Session:
        """Open a connection to the service."""
        with entered(self.namespaces[client]):
            one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("", port))
        one.settimeout(patience)
        one.connect((VIP, SERVICE_PORT))
        asked, _, _ = select.select(list(self.listeners.values()), (), (), patience)
        assert asked, "nobody accepted the connection"
        two, _ = asked[0].accept()
        two.settimeout(patience)
        return Session(one, two)

    def connect_captured(self) -> Session:
        """Open a connection to the service through the proxy, with a request under way."""
        with entered(self.namespaces["web"]):
            one = socket.socket()
        one.settimeout(20.0)
        until(lambda: not one.connect_ex((VIP, SERVICE_PORT)), lambda: "the proxy does not listen")
        one.send(b"GET / HTTP/1.1\r\nhost: db.shop.example\r\n\r\n")
        listener = self.listeners["db"]
        listener.settimeout(20.0)
        two, _ = listener.accept()
        two.settimeout(20.0)
        assert b"GET / HTTP/1.1" in two.recv(10_000)
        return Session(one, two)

    @contextlib.contextmanager
    def datagrams(self) -> Iterator[tuple[socket.socket, socket.socket]]:
        """Open a client's and the server's UDP socket; a second client shares the server's."""
        with entered(self.namespaces["web"]):
            client = socket.socket(type=socket.SOCK_DGRAM)
        client.settimeout(20.0)
        client.bind(("", 0))
        with entered(self.namespaces["db"]):
            server = socket.socket(type=socket.SOCK_DGRAM)
        server.settimeout(20.0)
        with client, server:
            with contextlib.suppress(OSError):  # another pair has it
                server.bind((ADDRESSES["db"], TARGET))
            yield client, server

    def start_agent(self, number: int = 1) -> None:
        """Start a host's agent, which waits for the policy that names the host."""
        name, directory = f"host{number}", self.directory / f"agent{number}"
        vswitch = self.hosts[name]
        near = self.server.endpoints()
        argv = [FSDN, "--api", near["api"], "--token-file", str(self.server.state / "token")]
        argv += ["agent", "--role", "host", "--name", name, "--agent-state", str(directory)]
        argv += ["--datapath", "netdev", "--proxy-namespace", f"{self.prefix}-{name}-proxy"]
        argv += ["--xds", near["xds"], "--openflow", f"tcp:{near['openflow']}"]
        argv += ["--ovsdb", f"tcp:{near['ovsdb']}", "--envoy", ENVOY, "--concurrency", "1"]
        log = self.directory / f"agent{number}.log"
        vswitch.namespace.spawn(argv, log, vswitch.environment)

    @contextlib.contextmanager
    def away(self, host: str) -> Iterator[None]:
        """Kill a host's vswitch, and start it again; what it knew is gone."""
        vswitch = self.hosts[host]
        killed(vswitch)
        try:
            yield
        finally:
            vswitch.start_daemon()
            number = host.removeprefix("host")
            vswitch.underlay("uplink", f"10.255.1.{number}/24", "10.255.1.254", ())

    def sessions(self, **wanted: str) -> list[dict[str, Any]]:
        """Return the sessions that the server lists, once every host's agent answers."""
        query = "&".join(f"{name}={value}" for name, value in wanted.items())

        def complete() -> dict[str, Any] | None:
            with entered(self.core):
                told: dict[str, Any] = self.server.ask(f"/v1/sessions?{query}")
            return None if told["missing"] else told

        told = until(complete, self._logs)
        assert told is not None
        return list(told["sessions"])

    def _logs(self) -> str:
        return "".join(p.read_text()[-2000:] for p in self.directory.glob("agent*.log"))


def vswitch_pid(vswitch: Vswitch) -> int:
    return int((vswitch.rundir / "ovs-vswitchd.pid").read_text())


def killed(vswitch: Vswitch) -> float:
    """Kill a vswitch, wait until another can be started, and return when it was killed."""
    pid = vswitch_pid(vswitch)
    os.kill(pid, signal.SIGKILL)
    at = time.monotonic()
    _await_end(pid)  # until then it holds the lock of its pid file
    (vswitch.rundir / "ovs-vswitchd.ctl").unlink(missing_ok=True)
    return at


def _await_end(pid: int) -> None:
    """Wait until a process has ended, whether somebody has asked for its end or not.

    Its first thread may be over before others, which hold its files, and the locks on them.
    """
    stat, threads = Path(f"/proc/{pid}/stat"), Path(f"/proc/{pid}/task")

    def ended() -> bool:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            is_over = stat.read_text().rpartition(") ")[2][0] == "Z"
            return is_over and len(list(threads.iterdir())) == 1
        return True

    until(ended, lambda: f"process {pid} lives on")


@contextlib.contextmanager
def bed(hosts: int = 1, serving: tuple[str, ...] = ("db",)) -> Iterator[Bed]:
    """Raise hosts with the workloads; ``db`` is on the last one, all others on the first."""
    prefix = f"fsdns{os.getpid()}h{hosts}"
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir="/run"))
    made = Bed(prefix, directory)
    try:
        _raise(made, hosts, serving)
        yield made
    finally:
        for server in made.servers:
            server.kill()
        for listener in made.listeners.values():
            listener.close()
        netns.remove(netns.existing(prefix))
        shutil.rmtree(directory)


@contextlib.contextmanager
def bed_with_agents() -> Iterator[Bed]:
    """Raise two hosts with an agent each; the service is on the second."""
    with bed(2) as made:
        made.apply(policy())
        made.start_agent(1)
        made.start_agent(2)
        made.sessions()
        made.apply(policy())
        yield made


def _raise(made: Bed, hosts: int, serving: tuple[str, ...]) -> None:
    core = netns.create(f"{made.prefix}-core")
    core.ip("link add br0 type bridge", "link set br0 up", "link add mgmt type bridge")
    core.ip(f"addr add {CONTROLLER}/24 dev mgmt", "link set mgmt up")
    with entered(core):
        made.servers.append(Serving(made.directory / "server", "--insecure"))
        made.server.listen = CONTROLLER
        made.server.start()
    for number in range(1, hosts + 1):
        _host(made, core, number)
    for name, address in ADDRESSES.items():
        number = list(ADDRESSES).index(name) + 1
        host = made.hosts[f"host{hosts if name == 'db' else 1}"]
        where = ip_interface(f"{address}/24")
        place = Place(name, f"02:00:00:00:01:{number:02x}", (where,), ("10.10.0.1",), 1400)
        made.namespaces[name] = attach(f"{made.prefix}-{name}", host.namespace, place)
        host.plug(BRIDGE, name)
    for name in serving:
        with entered(made.namespaces[name]):
            listener = socket.create_server((ADDRESSES[name], TARGET))
        listener.settimeout(20.0)
        made.listeners[name] = listener


def _host(made: Bed, core: Namespace, number: int) -> None:
    namespace = netns.create(f"{made.prefix}-host{number}")
    netns.wire(netns.End(namespace, "uplink"), netns.End(core, f"h{number}"))
    core.ip(f"link set h{number} master br0")
    netns.wire(netns.End(namespace, "mgmt"), netns.End(core, f"m{number}"))
    core.ip(f"link set m{number} master mgmt")
    namespace.ip(f"addr add 172.31.254.{number}/24 dev mgmt")
    netns.checksums_by_software(netns.End(namespace, "uplink"))
    vswitch = Vswitch(namespace, made.directory / f"host{number}")
    vswitch.start()
    vswitch.underlay("uplink", f"10.255.1.{number}/24", "10.255.1.254", ())
    made.hosts[f"host{number}"] = vswitch
    bridge = f"add-br {BRIDGE} -- set bridge {BRIDGE} fail_mode=secure datapath_type=netdev"
    tunnel = "set interface fsdn-tun type=vxlan options:key=flow options:remote_ip=flow"
    vswitch.vsctl(*bridge.split(), f"other_config:datapath-id={number:016x}")
    vswitch.vsctl("add-port", BRIDGE, "fsdn-tun", "--", *tunnel.split())
    vswitch.vsctl("set-controller", BRIDGE, f"tcp:{CONTROLLER}:{made.server.port('openflow')}")

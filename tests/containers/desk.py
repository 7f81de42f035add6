"""A machine of the user's own beside the bed: an Open vSwitch and an Envoy that nobody prepared.

They are given what docs/compose.md tells, by the commands that it tells, and nothing else.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

from integration.bed import netns
from integration.bed.netns import Namespace, run
from integration.bed.vswitch import Vswitch
from integration.bed.workload import Place, address
from integration.engine.lifetime import STATE
from integration.engine.stand import Stand
from integration.rootless import Here

NAME = "fsdn-test-desk"
BRIDGE = "br-fsdn-desk"
DATAPATH = "00000000000000d1"
SERVER_PORT = 8080
BIN = Path(sys.executable).parent
WORKLOADS = {
    name: Place(
        port=f"fsdn-d{name}",
        mac=f"02:00:00:00:d1:0{number}",
        addresses=(IPv4Interface(f"10.99.0.{number}/24"),),
        gateways=(),
        mtu=1400,
    )
    for number, name in enumerate(("reader", "stranger", "library"), 1)
}


@dataclass(frozen=True, slots=True, order=True)
class Tied(Here):
    """Where we are; what runs here is killed when we are, so that the next run finds none of it."""

    def command(self, *argv: str) -> list[str]:
        """Return the command line, tied to the process that starts it."""
        return ["setpriv", "--pdeathsig", "KILL", "--", *argv]


HERE = Tied("here")


@dataclass(frozen=True, slots=True)
class Desk:
    """The machine: ``keys`` is what ``compose.sh certify`` has made for it."""

    stand: Stand
    keys: Path
    vswitch: Vswitch
    place: Path

    def fsdn(self, *arguments: str, text: str | None = None) -> str:
        """Run ``fsdn`` here, against the published API, by the machine's own certificate."""
        files = {"token": "token", "ca": "ca.crt", "cert": "tls.crt", "key": "tls.key"}
        flags = [f"--{what}-file={self.keys / file}" for what, file in files.items()]
        api = f"--api=https://127.0.0.1:{self.stand.given['FSDN_API_PORT']}"
        return run([str(BIN / "fsdn"), api, *flags, *arguments], text=text)

    def bridge(self) -> None:
        """Make the bridge and point it at the published ports, over TLS."""
        given, keys = self.stand.given, self.keys
        made = f"-- set bridge {BRIDGE} datapath_type=netdev fail_mode=secure"
        datapath = f"other_config:datapath-id={DATAPATH}"
        self.vswitch.vsctl("add-br", BRIDGE, *made.split(), datapath)
        files = (keys / "tls.key", keys / "tls.crt", keys / "ca.crt")
        self.vswitch.vsctl("set-ssl", *map(str, files))
        self.vswitch.vsctl("set-manager", f"ssl:127.0.0.1:{given['FSDN_OVSDB_PORT']}")
        controller = f"ssl:127.0.0.1:{given['FSDN_OPENFLOW_PORT']}"
        self.vswitch.vsctl("set-controller", BRIDGE, controller)

    def workload(self, name: str) -> Namespace:
        """Return the namespace of a workload of this machine."""
        return Namespace(f"{NAME}-{name}")

    @contextmanager
    def envoy(self) -> Iterator[None]:
        """Run the wheel's Envoy with the bootstrap that ``fsdn bootstrap`` prints."""
        keys, xds = self.keys, f"127.0.0.1:{self.stand.given['FSDN_XDS_PORT']}"
        argv = [str(BIN / "fsdn"), "bootstrap", "node-proxy", "--node", NAME, "--xds", xds]
        argv += [f"--admin={self.place / 'admin.sock'}", f"--tls-cert={keys / 'tls.crt'}"]
        argv += [f"--tls-key={keys / 'tls.key'}"]
        config = self.place / "envoy.yaml"
        config.write_text(run([*argv, f"--tls-ca={keys / 'ca.crt'}"]))
        envoy = [str(BIN / "envoy"), "-c", str(config), "--concurrency", "1"]
        process = HERE.spawn([*envoy, "--disable-hot-restart"], self.place / "envoy.log")
        try:
            yield
        finally:
            _end(process)


@contextmanager
def desk(stand: Stand) -> Iterator[Desk]:
    """Give the machine, its vswitch and workloads running; all of it goes at the end."""
    place, keys = Path("/run") / NAME, STATE / "keys" / NAME
    _clear(place)  # what an interrupted run has left
    place.mkdir()
    stand.compose("certify", NAME)
    with ExitStack() as last:
        last.callback(shutil.rmtree, keys)
        last.callback(_clear, place)
        found = Desk(stand, keys, Vswitch(HERE, place / "ovs"), place)
        for daemon in found.vswitch.start():
            last.callback(_end, daemon)
        last.callback(found.vswitch.vsctl, "--if-exists", "del-br", BRIDGE)  # with its interface
        found.bridge()
        for name, at in WORKLOADS.items():
            _plug(found, name, at)
        yield found


def _clear(place: Path) -> None:
    netns.remove(netns.existing(NAME))
    if Path(f"/sys/class/net/{BRIDGE}").exists():  # it outlives a vswitch that was killed
        HERE.ip(f"link del {BRIDGE}")
    shutil.rmtree(place, ignore_errors=True)


def _plug(found: Desk, name: str, at: Place) -> None:
    namespace = netns.create(found.workload(name).name)
    pair = f"link add {at.port} type veth peer name eth0 address {at.mac} netns {namespace.name}"
    HERE.ip(pair, f"link set {at.port} up")
    namespace.ip("link set eth0 mtu 1400 up")
    netns.checksums_by_software(netns.End(namespace, "eth0"))
    address(namespace, "eth0", at)
    argv = [sys.executable, "-m", "integration.bed.server", name, f"--port={SERVER_PORT}"]
    namespace.spawn(argv, found.place / f"{name}.log")
    found.vswitch.plug(BRIDGE, at.port)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)

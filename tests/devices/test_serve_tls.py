"""Everything proves who it is: Envoy, Open vSwitch and the command line against one server."""

import json
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.devices.clients import running_envoy
from tests.devices.envoy import inside, namespace
from tests.devices.ovs import PrivateOvs
from tests.devices.test_serve_devices import BRIDGE, EXPECTED, PORTS
from tests.serving import SHOP, Serving, fsdn
from tests.waiting import until

pytestmark = [pytest.mark.device, pytest.mark.root]
either = pytest.mark.parametrize("workers", [1, 2])


@dataclass(frozen=True, slots=True)
class Identity:
    """PEM files of one party, and of the authority that all trust."""

    certificate: Path
    key: Path
    authority: Path


class Authority:
    """Issues identities into a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = trustme.CA()
        self.file = directory / f"ca{id(self)}.pem"
        self.ca.cert_pem.write_to_path(str(self.file))

    def identity(self, *names: str) -> Identity:
        """Return an identity with these names; it can serve and ask."""
        stem = self.directory / f"{names[0]}-{id(self)}"
        issued = self.ca.issue_cert(*names)
        certificate, key = stem.with_suffix(".pem"), stem.with_suffix(".key")
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        issued.private_key_pem.write_to_path(str(key))
        return Identity(certificate, key, self.file)


class TlsServing(Serving):
    """A server that demands certificates; the command line shows the operator's."""

    def __init__(self, state: Path, own: Identity, operator: Identity, workers: int = 1) -> None:
        options = (f"--tls-cert={own.certificate}", f"--tls-key={own.key}")
        super().__init__(state, *options, f"--tls-ca={own.authority}", f"--xds-workers={workers}")
        self.context = ssl.create_default_context(cafile=str(operator.authority))
        self.context.load_cert_chain(operator.certificate, operator.key)
        self.operator = operator

    def _ready(self) -> bool:
        try:
            url = f"{self.endpoints()['api']}/readyz"
            with urllib.request.urlopen(url, timeout=5, context=self.context) as answer:
                return bool(answer.status == 200)
        except (OSError, ValueError):
            return False

    def fsdn(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        who = self.operator
        tls = ("--ca-file", who.authority, "--cert-file", who.certificate, "--key-file", who.key)
        return fsdn(*map(str, tls), *arguments, state=self.state, stdin=stdin)

    def ask(self, path: str) -> Any:
        token = (self.state / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(self.endpoints()["api"] + path, headers=headers)
        with urllib.request.urlopen(request, timeout=30, context=self.context) as answer:
            return json.load(answer)


def tls_options(who: Identity) -> tuple[str, ...]:
    files = (who.certificate, who.key, who.authority)
    return tuple(f"--tls-{n}={file}" for n, file in zip(("cert", "key", "ca"), files, strict=True))


@contextmanager
def proxy(server: TlsServing, directory: Path, who: Identity) -> Iterator[None]:
    """Run an Envoy by what ``fsdn bootstrap`` prints."""
    where = ("--xds", f"127.0.0.1:{server.port('xds')}", "--admin", str(directory / "admin"))
    printed = server.fsdn("bootstrap", "node-proxy", "--node", "host1", *where, *tls_options(who))
    assert printed.returncode == 0, printed.stderr
    config = directory / "envoy.yaml"
    config.write_text(printed.stdout)
    with running_envoy(config):
        yield


def attempts(admin: Path) -> int:
    """Return how many connections to the server Envoy has opened."""
    argv = ["curl", "-s", "--unix-socket", str(admin), "http://x/stats?filter=upstream_cx_total"]
    told = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    name = "cluster.fsdn-controller.upstream_cx_total: "
    return sum(int(x.removeprefix(name)) for x in told.splitlines() if x.startswith(name))


def connect(server: Serving, ovs: PrivateOvs, number: int, who: Identity) -> None:
    ovs.vsctl("set-ssl", str(who.key), str(who.certificate), str(who.authority))
    ovs.add_bridge(BRIDGE, PORTS[number - 1], f"other_config:datapath-id={number:016x}")
    ovs.vsctl("set-controller", BRIDGE, f"ssl:127.0.0.1:{server.port('openflow')}")
    ovs.vsctl("set-manager", f"ssl:127.0.0.1:{server.port('ovsdb')}")


@either
@pytest.mark.envoy("fsdn serve: status, reports, TLS, workers")
def test_everything_is_synced_over_mutual_tls(tmp_path: Path, workers: int) -> None:
    ours = Authority(tmp_path)
    operator = ours.identity("operator")
    server = TlsServing(tmp_path / "state", ours.identity("127.0.0.1"), operator, workers)
    with (
        namespace() as name,
        inside(name),
        server,
        proxy(server, tmp_path, ours.identity("host1")),
        PrivateOvs() as one,
        PrivateOvs() as two,
    ):
        connect(server, one, 1, ours.identity("vswitch1"))
        connect(server, two, 2, ours.identity("vswitch2"))
        applied = server.fsdn("apply", "-f", str(SHOP), "--wait", "acked")
        assert applied.returncode == 0, applied.stderr
        until(lambda: server.in_step(*EXPECTED), server.devices)
        shown = server.fsdn("status", "-o", "name")
        assert set(shown.stdout.split()) >= set(EXPECTED)
        assert "cookie=0xf5d0" in one.ofctl("dump-flows", BRIDGE, "--no-stats", "--no-names")
        agent = ("agent", "--role", "host", "--name", "host1", "--agent-state", str(tmp_path))
        told = server.fsdn(*agent, "--print", *tls_options(operator))
        assert "set-controller br-int ssl:127.0.0.1:6653" in told.stdout, told.stderr
        anonymous = fsdn("--ca-file", str(ours.file), "status", state=server.state)
        assert anonymous.returncode == 4, anonymous.stdout
        assert server.stop() == 0


@either
@pytest.mark.envoy("fsdn serve: status, reports, TLS, workers")
def test_who_is_not_certified_gets_nothing(tmp_path: Path, workers: int) -> None:
    ours, theirs = Authority(tmp_path), Authority(tmp_path)
    stranger = theirs.identity("host1")
    stranger = Identity(stranger.certificate, stranger.key, ours.file)
    own, operator = ours.identity("127.0.0.1"), ours.identity("operator")
    server = TlsServing(tmp_path / "state", own, operator, workers)
    with (
        namespace() as name,
        inside(name),
        server,
        proxy(server, tmp_path, stranger),
        PrivateOvs() as ovs,
    ):
        connect(server, ovs, 1, stranger)
        assert server.fsdn("apply", "-f", str(SHOP)).returncode == 0
        until(lambda: attempts(tmp_path / "admin") > 2, lambda: "no attempt")
        log = ovs.directory / "vswitchd.log"
        until(lambda: "SSL" in log.read_text(), log.read_text)
        found = server.devices()
        for device in ("proxy/host1", "bridge/host1"):
            assert found[device]["state"] in ("NEVER", "DISCONNECTED"), found[device]
            assert not found[device]["connected"]

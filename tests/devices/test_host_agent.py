"""The host agent on a real Open vSwitch and Envoy; the REST answers come from a small server."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from integration.bed import netns
from integration.bed.vswitch import Vswitch
from tests.devices.clients import ENVOY
from tests.waiting import until

pytestmark = [pytest.mark.device, pytest.mark.root]

FACTS = {
    "name": "host1",
    "bridge": "br-int",
    "datapath_id": "00000000000000a1",
    "proxy_port": "fsdn-proxy",
    "tunnel_port": "fsdn-tun",
    "tunnel": "10.255.1.2/30",
    "gateway": "10.255.1.1",
    "workloads": [{"name": "shop/web", "port": "web", "mtu": 1400}],
}
RUN = """\
import sys
from pathlib import Path
from xds_server.agent.host import HostAgentSettings, run_host_agent
from xds_server.agent.host_commands import Controllers, Datapath
api, token, state, proxy, envoy = sys.argv[1:]
run_host_agent(HostAgentSettings(
    name="host1", api=api, token_file=Path(token), xds="127.0.0.1:18000",
    controllers=Controllers("tcp:127.0.0.1:6653", "tcp:127.0.0.1:6640"), state=Path(state),
    datapath=Datapath.NETDEV, namespace=proxy, envoy=envoy, concurrency=1))
"""


class Answers(BaseHTTPRequestHandler):
    """Answers GET /v1/hosts/host1 to whoever has the token."""

    def do_GET(self) -> None:
        allowed = self.headers["authorization"] == "Bearer secret"
        known = self.path == "/v1/hosts/host1"
        self.send_response((200 if known else 404) if allowed else 401)
        self.end_headers()
        self.wfile.write(json.dumps(FACTS).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(slots=True)
class Site:
    vswitch: Vswitch
    directory: Path
    proxy: str

    def agent(self) -> subprocess.Popen[bytes]:
        """Start the agent in the host's namespace, with a REST server beside it."""
        script = self.directory / "agent.py"
        script.write_text(RUN)
        api = f"http://127.0.0.1:{PORT}"
        state = str(self.directory / "state")
        argv = [sys.executable, str(script), api, str(self.token), state, self.proxy, ENVOY]
        env = {**self.vswitch.environment, "PYTHONPATH": str(Path.cwd())}
        return self.vswitch.namespace.spawn(argv, self.directory / "agent.log", env)

    @property
    def token(self) -> Path:
        return self.directory / "token"

    @property
    def pid(self) -> int | None:
        """Envoy's process id, if it answers on its admin socket."""
        admin = str(self.directory / "state/admin.sock")
        argv = ["curl", "-sf", "-m", "5", "--unix-socket", admin, "http://x/ready"]
        live = subprocess.run(argv, capture_output=True, check=False).returncode in (0, 22)
        file = self.directory / "state/envoy.pid"
        return int(file.read_text()) if live and file.exists() else None


PORT = 8600  # on the loopback of the test's own namespace
SERVE = """\
import sys
from http.server import ThreadingHTTPServer
from tests.devices.test_host_agent import Answers
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    prefix = f"fsdna{os.getpid()}"
    directory = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        host = netns.create(f"{prefix}-host1")
        vswitch = Vswitch(host, directory / "ovs")
        vswitch.start()
        host.spawn([sys.executable, "-c", SERVE, str(PORT)], directory / "rest.log")
        made = Site(vswitch, directory, f"{prefix}-proxy")
        made.token.write_text("secret\n")
        yield made
    finally:
        netns.remove(netns.existing(prefix))
        shutil.rmtree(directory)


@contextlib.contextmanager
def running(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    process = site.agent()
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, said(site)


def started(site: Site, but: int | None = None) -> int:
    """Wait until an Envoy answers, another than one that was; return its process id."""
    found = until(lambda: (pid := site.pid) != but and pid, lambda: said(site))
    assert found
    return found


def said(site: Site) -> str:
    return (site.directory / "agent.log").read_text()


@pytest.mark.envoy("the host agent")
def test_a_host_is_prepared_and_a_second_agent_takes_over(site: Site) -> None:
    with running(site):
        first = started(site)
    assert started(site) == first, "Envoy must outlive the agent"
    show = site.vswitch.vsctl
    assert show("get-fail-mode", "br-int").strip() == "secure"
    assert show("get-controller", "br-int").strip() == "tcp:127.0.0.1:6653"
    assert show("get", "bridge", "br-int", "datapath_id").strip() == '"00000000000000a1"'
    assert show("list-ports", "br-int").split() == ["fsdn-proxy", "fsdn-tun"]
    with running(site):
        until(lambda: "adopted=True" in said(site), lambda: said(site))
        assert started(site) == first


@pytest.mark.envoy("the host agent")
def test_an_envoy_that_dies_is_started_again(site: Site) -> None:
    with running(site):
        first = started(site)
        os.kill(first, signal.SIGKILL)
        started(site, but=first)


def test_a_wrong_token_is_one_sentence(site: Site) -> None:
    site.token.write_text("wrong")
    process = site.agent()
    assert process.wait(60) == 1
    site.token.write_text("secret")
    last = said(site).splitlines()[-1]
    assert "refuses the token: give the server's own token" in last


def test_answers_are_given_only_with_the_token() -> None:
    """The test's own server must refuse, or the test above could not fail."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.handle_request, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1/hosts/host1"
    argv = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "401"
    server.server_close()

"""Two worker processes under a real ``fsdn serve``: real Envoys, one of them losing its worker."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import pytest
from envoy_data_plane.envoy.service.status.v3 import ClientStatusRequest, ClientStatusResponse

from tests.devices.envoy import Envoy, inside, namespace
from tests.devices.test_serve_devices import FIFTY_FIFTY, proxy
from tests.devices.test_serve_reports import GET, VIP, WEB, reviews
from tests.serving import SHOP, Serving
from tests.waiting import until
from xds_server.southbound.grpc_csds import SERVICE

pytestmark = [pytest.mark.device, pytest.mark.root]

HOSTS = ("host1", "host2")
MANY = 6  # Envoys of each host: the kernel spreads their connections


@contextmanager
def proxies(server: Serving, directory: Path) -> Iterator[None]:
    """Run several Envoys with each host's node id; those of host1 share its captured door."""
    with ExitStack() as stack:
        for host in HOSTS:
            for number in range(MANY):
                own = directory / f"{host}-{number}"
                own.mkdir()
                stack.enter_context(proxy(own, host, server.port("xds")))
        yield


def workers(server: Serving) -> set[int]:
    """Return the processes that the server has started to serve."""
    assert server.process is not None
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(server.process.pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return {int(line.split()[0]) for line in listed.splitlines() if "xds_server.worker" in line}


def gauge(server: Serving, name: str) -> float:
    token = (server.state / "token").read_text().strip()
    request = urllib.request.Request(
        server.endpoints()["api"] + "/metrics", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.M)
    assert found, name
    return float(found[1])


def connections(worker: int, port: int) -> int:
    """Return how many clients a worker has."""
    listed = subprocess.run(
        ["ss", "-Htnp", "state", "established", f"( sport = :{port} )"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return len(re.findall(rf"pid={worker},", listed))


class Load:
    """Requests without pause through the first Envoy; every answer is counted."""

    def __init__(self, client: Envoy) -> None:
        self.seen: Counter[tuple[int, str]] = Counter()
        self._client = client
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._drive)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _drive(self) -> None:
        while not self._ending.is_set():
            self.seen[self._client.send(WEB, VIP, GET % b"reviews/1")] += 1


def synced(server: Serving) -> bool:
    return server.in_step("proxy/host1") and server.devices()["proxy/host2"]["state"] == "SYNCED"


def held(port: int) -> dict[str, int]:
    """Return how many resources the clients of each node hold, whichever worker answers.

    Asked by a process of its own: gRPC's threads, where another test has started them, are not in
    this test's network namespace.
    """
    program = f"import json; from {__name__} import ask; print(json.dumps(ask({port})))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return dict(json.loads(done.stdout))


def ask(port: int) -> dict[str, int]:
    """Ask in this process."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        fetch = channel.unary_unary(f"/{SERVICE}/FetchClientStatus")
        asked = bytes(ClientStatusRequest())
        answer = ClientStatusResponse.parse(fetch(asked, timeout=50, wait_for_ready=True))
    return {one.node.id: len(one.generic_xds_configs) for one in answer.config if one.node}


@pytest.mark.envoy("fsdn serve: status, reports, TLS, workers")
def test_two_workers_serve_many_envoys_and_losing_one_costs_nothing(tmp_path: Path) -> None:
    server = Serving(tmp_path / "state", "--xds-workers=2", "--log-level=debug")
    with namespace() as name, inside(name), server, reviews(), proxies(server, tmp_path):
        port = server.port("xds")
        first = workers(server)
        assert len(first) == 2
        assert server.fsdn("apply", "-f", str(SHOP), "--wait", "acked").returncode == 0
        until(lambda: gauge(server, "fsdn_xds_streams") == 2 * MANY, lambda: server.log.read_text())
        assert all(connections(worker, port) > 0 for worker in first)
        _complete(server, port)

        client = Envoy(name, str(tmp_path / "host1-0" / "admin"), tmp_path / "host1-0.log")
        until(lambda: client.send(WEB, VIP, GET % b"reviews/1")[0] == 200, lambda: "no answer")
        with Load(client) as load:
            before = _offers(server)
            doomed = max(first, key=lambda worker: connections(worker, port))
            os.kill(doomed, signal.SIGKILL)
            until(lambda: len(workers(server)) == 2, lambda: server.log.read_text())
            until(lambda: gauge(server, "fsdn_xds_streams") == 2 * MANY, server.log.read_text)
            until(lambda: synced(server), server.devices)
            time.sleep(1.0)
            assert _offers(server) == before, server.log.read_text()[-6000:]
            changed = server.fsdn("apply", "-f", "-", "--wait", "acked", stdin=FIFTY_FIFTY)
            assert changed.returncode == 0, changed.stderr
            assert _offers(server) > before
        assert set(load.seen) == {(200, "ok")}, load.seen
        assert gauge(server, "fsdn_xds_worker_restarts_total") == 1
        assert gauge(server, "fsdn_xds_workers") == 2
        _complete(server, port)

        last = workers(server)
        assert server.stop() == 0
        assert not [pid for pid in first | last if Path(f"/proc/{pid}").exists()]


def _offers(server: Serving) -> int:
    """Count what was sent to host1; host2 has nothing, and every new stream is told so."""
    return len(re.findall(r"offered .*device=proxy/host1 ", server.log.read_text()))


def _complete(server: Serving, port: int) -> None:
    """Whoever asks any worker, or the command line, is told about all proxies."""
    until(lambda: synced(server), server.devices)
    rows = json.loads(server.fsdn("proxy", "status", "-o", "json").stdout)
    assert {row["node"] for row in rows} >= set(HOSTS), rows
    answers = until(lambda: _alike(port), lambda: [held(port) for _ in range(6)])
    assert set(answers) == set(HOSTS)
    assert answers["host1"] >= MANY  # nothing of host2 is captured: it has no resources


def _alike(port: int) -> dict[str, int]:
    """Return what every one of six answers says; nothing while they differ."""
    first, *others = [held(port) for _ in range(6)]
    return first if all(other == first for other in others) else {}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_however_the_controller_ends_nobody_stays_behind(
    tmp_path: Path, end: signal.Signals
) -> None:
    with Serving(tmp_path / "state", "--xds-workers=2") as server:
        assert server.process is not None
        pids = workers(server)
        assert len(pids) == 2
        if end is signal.SIGTERM:
            for pid in pids:  # as a terminal or a service manager may do
                os.kill(pid, end)
            server.process.send_signal(end)
            assert server.process.wait(20) == 0
        else:
            server.kill()
        until(lambda: not any(Path(f"/proc/{p}").exists() for p in pids), lambda: pids)


def test_the_port_is_nobody_elses(tmp_path: Path) -> None:
    with Serving(tmp_path / "state", "--xds-workers=2") as server:
        with pytest.raises(OSError, match="in use"):
            socket.create_server(("127.0.0.1", server.port("xds")))
        second = Serving(tmp_path / "second", "--xds-workers=2")
        second._ports["xds"] = server.port("xds")
        with pytest.raises(AssertionError, match="the port is in use"):
            second.start()

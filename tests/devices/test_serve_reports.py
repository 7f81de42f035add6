"""A real Envoy under a real ``fsdn serve``: what it saw is shown by observe, load and metrics."""

import contextlib
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.devices.envoy import Envoy, inside, namespace
from tests.devices.test_serve_devices import proxy
from tests.serving import SHOP, Serving
from tests.waiting import until

pytestmark = [pytest.mark.device, pytest.mark.root]

WEB, STOCK, VIP = "10.10.0.11", "10.10.0.31", ("10.10.0.200", 80)
DENIED = ("--verdict", "denied", "--source", "shop/web")
GET = b"GET /%s HTTP/1.1\r\nHost: reviews\r\nConnection: close\r\n\r\n"


@contextmanager
def reviews() -> Iterator[None]:
    """Serve every review, on whatever address of this namespace."""
    with socket.create_server(("0.0.0.0", 8080)) as listening:
        server = threading.Thread(target=_serve, args=[listening])
        server.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            server.join()


def _serve(listening: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the end: the socket was shut down
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
                connection.sendall(head + b"ok")


def entries(server: Serving, *options: str) -> list[dict[str, object]]:
    done = server.fsdn("observe", "-o", "jsonl", *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.envoy("fsdn serve: status, reports, TLS, workers")
def test_requests_are_observed_with_rule_and_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FSDN_ACCESS_LOGS", "true")
    server = Serving(tmp_path / "state")
    with (
        namespace() as name,
        inside(name),
        server,
        reviews(),
        proxy(tmp_path, "host1", server.port("xds")),
    ):
        assert server.fsdn("apply", "-f", str(SHOP)).returncode == 0
        until(lambda: server.devices()["proxy/host1"]["state"] == "SYNCED", server.devices)
        client = Envoy(name, str(tmp_path / "admin"), tmp_path / "host1.log")
        until(lambda: client.send(WEB, VIP, GET % b"admin?key=1")[0] == 403, lambda: "403")
        assert client.send(WEB, VIP, GET % b"reviews/1") == (200, "ok")
        assert client.send(STOCK, VIP, GET % b"reviews/1") == (0, "")  # meets no filter chain
        until(lambda: entries(server, *DENIED), lambda: entries(server))
        until(lambda: entries(server, "--verdict", "forwarded"), lambda: entries(server))
        _check(server)

        def reported() -> bool:  # Envoy counts from the first report after a cluster came
            return client.send(WEB, VIP, GET % b"reviews/1")[0] == 200 and _load(server) > 0

        until(reported, lambda: server.ask("/v1/load"))
        assert 'fsdn_load_requests_per_second{cluster="shop/reviews' in _metrics(server)


def _check(server: Serving) -> None:
    denied = entries(server, *DENIED)[-1]
    assert (denied["source"], denied["service"]) == ("shop/web", "shop/reviews")
    assert (denied["status"], denied["path"]) == (403, "/admin")
    assert denied["rule"] == "shop/reviews[0]"
    (allowed,) = entries(server, "--verdict", "forwarded")
    assert (allowed["rule"], allowed["status"]) == ("shop/reviews[2]", 200)
    assert "policies.yaml:" in str(allowed["origin"])
    assert str(allowed["upstream"]).startswith("10.10.0.2")
    page = _metrics(server)
    assert "fsdn_xds_streams 1.0" in page
    assert 'fsdn_acks_total{kind="proxy",type="Listener"} 1.0' in page
    assert "fsdn_compile_seconds_count 1.0" in page


def _load(server: Serving) -> int:
    return sum(
        row["succeeded"]
        for row in server.ask("/v1/load")
        if row["node"] == "host1" and row["cluster"].startswith("shop/reviews")
    )


def _metrics(server: Serving) -> str:
    token = (server.state / "token").read_text().strip()
    request = urllib.request.Request(
        server.endpoints()["api"] + "/metrics", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())

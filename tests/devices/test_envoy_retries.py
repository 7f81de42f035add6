"""How often a real Envoy tries a request again, counted by an endpoint that fails it."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.devices.envoy import envoy, inside, namespace
from tests.plans import rule, shop_plan
from translators.envoy import translate
from translators.plan.model import Plan, Retry, Route, Share

pytestmark = [
    pytest.mark.device,
    pytest.mark.root,
    pytest.mark.envoy("requests decided by compiled resources"),
]

WEB, VIP, TARGET = "10.10.0.11", ("10.10.0.200", 80), 8080
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: a close that resets
BUSY = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def net() -> Iterator[str]:
    with namespace() as name:
        yield name


@dataclass
class Endpoint:
    """Every address's server: it answers by turns, ``None`` being a reset, and counts."""

    answers: list[bytes | None]
    requests: list[bytes] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the listener is closed in the end
            while True:
                connection, _ = listener.accept()
                with connection:
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked and (more := connection.recv(4096)):
            asked += more
        if not asked:
            return
        self.requests.append(asked.partition(b" ")[0])
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if answer is None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            connection.sendall(answer)


@contextlib.contextmanager
def _endpoint(net: str, *answers: bytes | None) -> Iterator[Endpoint]:
    with inside(net):
        listener = socket.create_server(("0.0.0.0", TARGET))
    made = Endpoint(list(answers))
    thread = threading.Thread(target=made.serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _plan(retry: Retry | None) -> Plan:
    shop = shop_plan()
    route = Route((Share(None, 1),), retry=retry)
    only = rule("shop/p[0]", 1, sources=("shop/web",), services=("shop/reviews",), route=route)
    captures = tuple(dataclasses.replace(c, rule="shop/p[0]") for c in shop.captures)
    return dataclasses.replace(shop, rules=(only,), captures=captures)


def _asked(
    net: str, tmp_path: Path, retry: Retry | None, *answers: bytes | None, method: str = "GET"
) -> tuple[int, int]:
    """Return the status of one request, and how often an endpoint met it."""
    request = f"{method} / HTTP/1.1\r\nHost: reviews\r\nConnection: close\r\n"
    request += "Content-Length: 0\r\n\r\n" if method == "POST" else "\r\n"
    with (
        _endpoint(net, *answers) as endpoint,
        envoy(translate(_plan(retry), "host1"), tmp_path, net) as running,
    ):
        status, _ = running.send(WEB, VIP, request.encode())
    assert set(endpoint.requests) == {method.encode()}
    return status, len(endpoint.requests)


@pytest.mark.parametrize(
    ("retry", "tries"),
    [(None, 2), (Retry(0), 1), (Retry(1), 2), (Retry(3), 4)],
)
def test_a_lost_connection_is_tried_again_as_often_as_the_route_says(
    net: str, tmp_path: Path, retry: Retry | None, tries: int
) -> None:
    assert _asked(net, tmp_path, retry, None) == (503, tries)


def test_a_status_is_asked_for_again_only_where_it_is_named(net: str, tmp_path: Path) -> None:
    assert _asked(net, tmp_path, None, BUSY, FINE) == (503, 1)
    assert _asked(net, tmp_path, Retry(3, (503,)), BUSY, BUSY, FINE) == (200, 3)
    assert _asked(net, tmp_path, Retry(3, (502,)), BUSY, FINE) == (503, 1)


def test_a_post_is_sent_once_whatever_the_route_says(net: str, tmp_path: Path) -> None:
    named = Retry(3, (503,))
    assert _asked(net, tmp_path, named, None, method="POST") == (503, 1)
    assert _asked(net, tmp_path, named, BUSY, method="POST") == (503, 1)

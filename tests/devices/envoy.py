"""A real Envoy in a network namespace of its own, fed by a small aggregated xDS server.

Every address is local there, so that one namespace serves as all clients, services and servers.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryRequest, DiscoveryResponse
from envoy_data_plane.google.protobuf import Any as Packed

from tests.devices.clients import ENVOY, admin_page
from tests.waiting import PATIENCE
from translators.envoy.bootstrap import bootstrap
from translators.envoy.encode import encode
from translators.envoy.resources import EncodedResource

CONFIGS = Path(__file__).parents[2] / "envoy_configs"
_ADS = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count()


def run(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True, text=True)


@contextmanager
def namespace() -> Iterator[str]:
    """Make a network namespace in which every address is local; remove it at the end."""
    name = f"fsdn-envoy-{os.getpid()}-{next(_numbers)}"
    run(f"ip netns add {name}")
    try:
        run(f"ip -n {name} link set lo up")
        run(f"ip -n {name} route add local 0.0.0.0/0 dev lo")
        run(f"ip -n {name} -6 route add local ::/0 dev lo")
        run(f"ip netns exec {name} sysctl -qw net.ipv6.ip_nonlocal_bind=1")
        yield name
    finally:
        run(f"ip netns del {name}")


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Put this thread into the namespace: sockets that it opens there stay there."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{name}") as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@dataclass
class Controller:
    """A state-of-the-world ADS server that answers every request from one set of resources."""

    resources: Sequence[EncodedResource]
    rejected: list[str] = field(default_factory=list)

    def stream(self, requests: Iterator[DiscoveryRequest], context: Any) -> Iterator[bytes]:
        answered: dict[str, tuple[str, ...]] = {}
        for request in requests:
            if request.error_detail is not None:
                self.rejected.append(request.error_detail.message)
            names = tuple(request.resource_names)
            if answered.get(request.type_url) != names:
                answered[request.type_url] = names
                yield self._answer(request.type_url, names)

    def _answer(self, type_url: str, names: tuple[str, ...]) -> bytes:
        chosen = [
            Packed(type_url=type_url, value=resource.body)
            for resource in self.resources
            if resource.type_url == type_url and (not names or resource.name in names)
        ]
        return encode(
            DiscoveryResponse(version_info="1", nonce="1", type_url=type_url, resources=chosen)
        )


@contextmanager
def serving(controller: Controller, name: str) -> Iterator[int]:
    """Serve the controller on a loopback port of the namespace."""
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    handler = grpc.stream_stream_rpc_method_handler(
        controller.stream, request_deserializer=DiscoveryRequest.parse
    )
    service, method = _ADS.strip("/").split("/")
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    with started(server, name) as port:
        yield port


@contextmanager
def started(server: grpc.Server, name: str, at: str = "127.0.0.1:0") -> Iterator[int]:
    """Let a server listen in the namespace, and end it at the end; gives the port."""
    with inside(name):
        port = server.add_insecure_port(at)
        server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


@dataclass
class Envoy:
    """A running Envoy, its namespace, and what it has written."""

    namespace: str
    admin: str
    output: Path

    def ask(self, path: str) -> str:
        """Return the answer of an admin page; there is none before Envoy listens."""
        return admin_page(self.admin, path)

    def send(self, source: str, to: tuple[str, int], text: bytes) -> tuple[int, str]:
        """Send raw bytes from a source address; return status (0: closed) and body."""
        with self.connect(source, to) as peer:
            try:
                peer.sendall(text)
                return answer(peer, has_body=not text.startswith(b"HEAD "))
            except (ConnectionResetError, BrokenPipeError):
                return 0, ""

    def connect(self, source: str, to: tuple[str, int]) -> socket.socket:
        """Return a connection from a source address, made inside the namespace."""
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        with inside(self.namespace):
            peer = socket.socket(family)
        peer.settimeout(10)
        peer.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND
        peer.bind((source, 0))
        peer.connect(to)
        return peer


def answer(peer: socket.socket, *, has_body: bool = True) -> tuple[int, str]:
    """Read one answer by its length: Envoy closes a connection late after a bad request."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = peer.recv(65536)
        if not more:
            return 0, ""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while has_body and length is not None and len(body) < int(length[1]):
        body += peer.recv(65536)
    return int(head.split()[1]), body.decode()


@contextmanager
def envoy(resources: Sequence[EncodedResource], directory: Path, name: str) -> Iterator[Envoy]:
    """Run Envoy with our own bootstrap until it has taken the resources; stop it at the end."""
    controller = Controller(resources)
    number = next(_numbers)
    admin, config, output = (directory / f"{number}.{end}" for end in ("sock", "yaml", "log"))
    template = (CONFIGS / "node-proxy-sotw.yaml").read_text()
    with serving(controller, name) as port, output.open("w") as log:
        where = {"controller_host": "127.0.0.1", "controller_port": port}
        config.write_text(bootstrap(template, node="host1", admin=str(admin), **where))
        command = ["ip", "netns", "exec", name, ENVOY, "-c", str(config), "-l", "warning"]
        command += [
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "--file-flush-interval-msec",
            "20",
        ]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        running = Envoy(name, str(admin), output)
        try:
            _await_live(running, process, controller)
            yield running
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_live(running: Envoy, process: subprocess.Popen[bytes], controller: Controller) -> None:
    deadline = time.monotonic() + PATIENCE
    waiting = threading.Event()
    while time.monotonic() < deadline:
        if process.poll() is not None or controller.rejected:
            break
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):  # not listening yet
            if running.ask("/ready").startswith("LIVE"):
                return
        waiting.wait(0.02)
    raise AssertionError(f"Envoy is not live: {controller.rejected} {running.output.read_text()}")

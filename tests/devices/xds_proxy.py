"""A real Envoy on unix sockets only, its backends, and a load that counts every failure."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from tests.devices.clients import admin_page, running_envoy

_FLUSHED = ("--file-flush-interval-msec", "100")


@contextmanager
def short_directory() -> Iterator[Path]:
    """A directory whose socket paths stay below the 108 bytes that the kernel allows."""
    with tempfile.TemporaryDirectory(prefix="fsdn-xds-") as name:
        yield Path(name)


def bootstrap(
    directory: Path, node: str, *, delta: bool, aggregated: bool = True, port: int | None = None
) -> dict[str, Any]:
    """Return a bootstrap whose server is at a socket of the directory, or at a loopback port."""
    api = {
        "api_type": "DELTA_GRPC" if delta else "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
    }
    source = {"ads": {}} if aggregated else {"api_config_source": api}
    source |= {"resource_api_version": "V3"}
    http2 = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    tcp = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    address = tcp if port is not None else {"pipe": {"path": str(directory / "ads.sock")}}
    endpoint = {"endpoint": {"address": address}}
    return {
        "node": {"id": node, "cluster": "tests"},
        "admin": {"address": {"pipe": {"path": str(directory / f"{node}.admin")}}},
        "dynamic_resources": {
            **({"ads_config": api} if aggregated else {}),
            "cds_config": source,
            "lds_config": source,
        },
        "static_resources": {
            "clusters": [
                {
                    "name": "xds",
                    "connect_timeout": "1s",
                    "typed_extension_protocol_options": {
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2
                    },
                    "load_assignment": {
                        "cluster_name": "xds",
                        "endpoints": [{"lb_endpoints": [endpoint]}],
                    },
                }
            ]
        },
    }


_GONE = (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError)


class Proxy:
    """A running Envoy."""

    def __init__(self, directory: Path, node: str) -> None:
        self.front = str(directory / "front.sock")
        self._admin = str(directory / f"{node}.admin")

    def ask(self, path: str) -> str:
        return admin_page(self._admin, path)

    def stat(self, name: str) -> int:
        """Return a counter's or gauge's value; 0 where Envoy has not made it yet."""
        text = self.ask(f"/stats?usedonly&filter=^{name}$")
        return int(text.rpartition(":")[2]) if text.strip() else 0

    def clusters(self) -> set[str]:
        listed = json.loads(self.ask("/clusters?format=json"))["cluster_statuses"]
        return {entry["name"] for entry in listed}

    async def fetch(self, path: str = "/") -> tuple[int, str]:
        reader, writer = await asyncio.open_unix_connection(self.front)
        try:
            return await _get(reader, writer, path)
        finally:
            writer.close()


@contextmanager
def envoy(
    directory: Path, node: str, *, delta: bool, aggregated: bool = True, port: int | None = None
) -> Iterator[Proxy]:
    content = bootstrap(directory, node, delta=delta, aggregated=aggregated, port=port)
    with started(directory, node, content) as proxy:
        yield proxy


@contextmanager
def started(directory: Path, node: str, content: dict[str, Any]) -> Iterator[Proxy]:
    """Run an Envoy with a bootstrap of the test's own."""
    config = directory / f"{node}.json"
    config.write_text(json.dumps(content))
    with running_envoy(config, *_FLUSHED):
        yield Proxy(directory, node)


@asynccontextmanager
async def backend(directory: Path, name: str) -> AsyncIterator[str]:
    """Serve HTTP/1.1 on a unix socket; every answer is the backend's name."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = name.encode()
        with contextlib.suppress(*_GONE):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        writer.close()

    path = str(directory / f"{name}.sock")
    server = await asyncio.start_unix_server(answer, path)
    try:
        yield path
    finally:
        server.close()


async def _get(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
) -> tuple[int, str]:
    writer.write(f"GET {path} HTTP/1.1\r\nhost: shop\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    lines = head.decode().lower().splitlines()
    length = next(int(s.partition(":")[2]) for s in lines if s.startswith("content-length"))
    return int(lines[0].split()[1]), (await reader.readexactly(length)).decode()


class Load:
    """Requests without pause on a few kept connections; ``seen`` counts (status, body)."""

    def __init__(self, front: str) -> None:
        self.seen: Counter[tuple[int, str]] = Counter()
        self._front = front
        self._stopping = False

    @property
    def failures(self) -> dict[tuple[int, str], int]:
        return {answer: count for answer, count in self.seen.items() if answer[0] != 200}

    @asynccontextmanager
    async def running(self, connections: int = 2) -> AsyncIterator[Load]:
        tasks = [asyncio.create_task(self._drive()) for _ in range(connections)]
        try:
            yield self
        finally:
            self._stopping = True
            await asyncio.gather(*tasks)

    async def _drive(self) -> None:
        reader, writer = await asyncio.open_unix_connection(self._front)
        while not self._stopping:
            try:
                self.seen[await _get(reader, writer, "/")] += 1
            except (ConnectionError, asyncio.IncompleteReadError, TimeoutError) as error:
                self.seen[(0, type(error).__name__)] += 1
                reader, writer = await asyncio.open_unix_connection(self._front)
            await asyncio.sleep(0.001)
        writer.close()

"""The library and its example serve a real Envoy."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.devices import xds_resources as make
from tests.devices.xds_proxy import (
    Proxy,
    backend,
    bootstrap,
    envoy,
    short_directory,
    started,
)
from tests.waiting import eventually
from xds_server.library import Load, LoadKey, SnapshotCache, serve
from xds_server.snapshots.evidence import Acked, Evidence

pytestmark = [pytest.mark.device, pytest.mark.envoy("fsdn proxy, the library")]
EXAMPLE = Path(__file__).parents[2] / "examples" / "control_plane.py"


@pytest.mark.parametrize("delta", [True, False])
async def test_a_shared_snapshot_reaches_an_envoy_and_changes(delta: bool) -> None:
    heard: list[Evidence] = []
    with short_directory() as directory:
        cache = SnapshotCache(node_hash=lambda node: node.partition("-")[0])
        async with (
            backend(directory, "blue") as blue,
            backend(directory, "green") as green,
            serve(cache, f"unix:{directory}/ads.sock", on_evidence=heard.append) as server,
        ):

            def publish(to: str, path: str, version: str) -> None:
                front = make.listener("front", str(directory / "front.sock"), "shop")
                rest = [make.route("shop", to), make.cluster(to), make.endpoints(to, path)]
                cache.set_snapshot("web", [front, *rest], version=version)

            publish("blue", blue, "1")
            with envoy(directory, "web-1", delta=delta) as proxy:

                async def serves(name: str) -> bool:
                    return await proxy.fetch() == (200, name)

                await eventually(lambda: serves("blue"), "blue serves")
                assert server.connected() == ("web-1",)
                publish("green", green, "2")
                await eventually(lambda: serves("green"), "green serves")
                acked = {e.version for e in heard if isinstance(e, Acked)}
                assert {"1", "2"} <= acked


async def test_the_example_balances_to_the_backends_of_its_file() -> None:
    with short_directory() as directory:
        file = directory / "backends"
        async with echo("blue") as blue, echo("green") as green:
            file.write_text(f"127.0.0.1 {blue}\n")
            command = [sys.executable, str(EXAMPLE), f"unix:{directory}/ads.sock", "0", str(file)]
            with subprocess.Popen(
                command, stdout=subprocess.DEVNULL, cwd=EXAMPLE.parents[1]
            ) as plane:
                try:
                    with envoy(directory, "web-1", delta=True) as proxy:
                        await eventually(lambda: says(proxy, "blue"), "blue serves")
                        file.write_text(f"127.0.0.1 {green}\n")
                        await eventually(lambda: says(proxy, "green"), "green serves")
                finally:
                    plane.kill()


async def says(proxy: Proxy, text: str) -> bool:
    """Whether the answer at the port that the kernel gave Envoy's listener is this."""
    listed = json.loads(proxy.ask("/listeners?format=json")).get("listener_statuses")
    if not listed:
        return False
    (listener,) = listed
    port = listener["local_address"]["socket_address"]["port_value"]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer.startswith(b"HTTP/1.1 200") and text.encode() in answer


@asynccontextmanager
async def echo(name: str) -> AsyncIterator[int]:
    """Serve HTTP that answers with a name, at a port of the kernel's choice."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {len(name)}\r\n\r\n"
        writer.write((head + name).encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_the_loads_of_an_envoy_are_told() -> None:
    heard: list[tuple[LoadKey, Load]] = []
    with short_directory() as directory:
        cache = SnapshotCache(node_hash=lambda _: "all")
        address = f"unix:{directory}/ads.sock"
        told = serve(cache, address, on_load=lambda *load: heard.append(load), load_interval=0.5)
        async with backend(directory, "blue") as blue, told:
            front = make.listener("front", str(directory / "front.sock"), "shop")
            rest = [make.route("shop", "blue"), make.cluster("blue"), make.endpoints("blue", blue)]
            cache.set_snapshot("all", [front, *rest])
            content = bootstrap(directory, "web-1", delta=True)
            service = {"envoy_grpc": {"cluster_name": "xds"}}
            content["cluster_manager"] = {
                "load_stats_config": {
                    "api_type": "GRPC",
                    "transport_api_version": "V3",
                    "grpc_services": [service],
                }
            }
            with started(directory, "web-1", content) as proxy:

                async def counted() -> bool:
                    await proxy.fetch()
                    return any(
                        key.node == "web-1" and key.cluster == "blue" and load.succeeded
                        for key, load in heard
                    )

                await eventually(counted, "a load of the cluster blue")
    assert {key.node for key, _ in heard} == {"web-1"}
    assert not any(load.failed for _, load in heard)

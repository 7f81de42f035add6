"""The library and its example serve a real Envoy."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.devices import xds_resources as make
from tests.devices.xds_proxy import backend, envoy, eventually, short_directory
from xds_server.library import SnapshotCache, serve
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


async def test_the_example_says_hello_to_an_envoy() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with short_directory() as directory:
        command = [sys.executable, str(EXAMPLE), f"unix:{directory}/ads.sock", str(port)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=EXAMPLE.parents[1]) as plane:
            try:
                with envoy(directory, "web-1", delta=True):
                    for text in (b"hello", b"hello again"):

                        async def says(text: bytes = text) -> bool:
                            reader, writer = await asyncio.open_connection("127.0.0.1", port)
                            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                            answer = await asyncio.wait_for(reader.read(), 5)
                            writer.close()
                            return answer.endswith(b"\r\n\r\n" + text)

                        await eventually(says, text.decode(), 30)
            finally:
                plane.kill()

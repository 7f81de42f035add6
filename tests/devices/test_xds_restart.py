"""A killed and restarted server: no request fails, and an unchanged client is sent nothing."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.devices.xds_proxy import Load, Proxy, backend, envoy, short_directory
from tests.devices.xds_serving import shop
from tests.waiting import eventually

pytestmark = [pytest.mark.device, pytest.mark.envoy("restart of the server, nothing resent")]

_ROOT = Path(__file__).parents[2]


class Server:
    """A server process, and what it said."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self.output = output

    def said(self, kind: str) -> list[dict[str, Any]]:
        complete = self.output.read_text().rpartition("\n")[0]
        values = [json.loads(line) for line in complete.splitlines()]
        return [value for value in values if value["kind"] == kind]

    def acked(self) -> set[tuple[str, str]]:
        return {(value["type"], value["version"]) for value in self.said("Acked")}


@contextmanager
def serving(directory: Path, run: int, *targets: str) -> Iterator[Server]:
    output = directory / f"server-{run}.jsonl"
    command = [sys.executable, "-W", "ignore", "-m", "tests.devices.xds_serving"]
    with output.open("w") as out:
        process = subprocess.Popen([*command, str(directory), *targets], stdout=out, cwd=_ROOT)
    try:
        yield Server(process, output)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


async def in_sync(server: Server, directory: Path, to: str) -> None:
    wanted = set(shop(directory, to).versions.items())
    await eventually(lambda: wanted <= server.acked(), "all types acknowledged")


async def serves(proxy: Proxy, body: str) -> None:
    async def same() -> bool:
        return await proxy.fetch() == (200, body)

    await eventually(same, f"the answer {body}")


@pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])
async def test_killed_server_costs_nothing(delta: bool) -> None:
    with short_directory() as directory:
        async with backend(directory, "red"), backend(directory, "blue"):
            with envoy(directory, "web-1", delta=delta) as proxy:
                with serving(directory, 1, "red") as first:
                    await serves(proxy, "red")
                    await in_sync(first, directory, "red")
                    assert sum(value["written"] for value in first.said("Acked")) >= 204
                    load = Load(proxy.front)
                    async with load.running():
                        await _restart_twice(directory, first, proxy)
                assert load.failures == {}
                assert load.seen[(200, "red")] > 0
                assert load.seen[(200, "blue")] > 0


async def _restart_twice(directory: Path, first: Server, proxy: Proxy) -> None:
    first.process.kill()
    first.process.wait()
    await asyncio.sleep(0.3)
    with serving(directory, 2, "red") as second:
        await in_sync(second, directory, "red")
        assert second.said("Offered") == [], "an unchanged client was sent something"
        assert {value["written"] for value in second.said("Acked")} == {0}
    # It knows the old content too: a state-of-the-world client cannot say what it holds.
    with serving(directory, 3, "red", "blue") as third:
        await serves(proxy, "blue")
        await in_sync(third, directory, "blue")
        assert third.said("Nacked") == []

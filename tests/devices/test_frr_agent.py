"""Agents of a real fabric against a real server: from ``fsdn apply`` to pings, and without it."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.devices.frr_fabric import Fabric, bare_address, reaches, running
from tests.waiting import PATIENCE, until
from translators.compiler.pipeline import compile_policy
from translators.policy.load import load
from xds_server.agent.switch import SwitchAgentSettings, serve_switch

pytestmark = [pytest.mark.device, pytest.mark.root]

SHOP = Path(__file__).parents[1] / "golden" / "cases" / "shop" / "policy.yaml"
FSDN = str(Path(sys.executable).with_name("fsdn"))


@dataclass(frozen=True, slots=True)
class Server:
    """A running ``fsdn serve``, and the command line beside it."""

    state: Path

    def fsdn(self, *arguments: str) -> str:
        done = subprocess.run(
            [FSDN, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "FSDN_STATE": str(self.state), "NO_COLOR": "1"},
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    @property
    def api(self) -> str:
        return str(json.loads((self.state / "endpoints.json").read_text())["api"])

    def switch(self, name: str) -> dict[str, object]:
        """Return what the server says of one switch."""
        listed = json.loads(self.fsdn("status", "-o", "json"))
        return next(d for d in listed["devices"] if d["name"] == name)

    def says(self, name: str, words: str, within: float = 2 * PATIENCE) -> dict[str, object]:
        """Wait until the server says this of a switch."""

        def heard() -> dict[str, object] | None:
            found = self.switch(name)
            return found if words in json.dumps(found) else None

        found = until(heard, lambda: self.switch(name), within)
        assert found is not None
        return found


@contextmanager
def _serving(state: Path, port: int = 0) -> Iterator[Server]:
    argv = [FSDN, "serve", "--state", str(state), "--api", f"127.0.0.1:{port}"]
    for listener in ("--xds", "--openflow", "--ovsdb"):
        argv += [listener, "127.0.0.1:0"]
    with (state / "serve.log").open("ab") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        until(lambda: _listens(state, process), (state / "serve.log").read_text)
        yield Server(state)
    finally:
        process.terminate()
        process.wait(30)


def _listens(state: Path, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, (state / "serve.log").read_text()
    return (state / "endpoints.json").exists()


@asynccontextmanager
async def _agents(fabric: Fabric, server: Server) -> AsyncIterator[None]:
    """The agents of every switch; an agent that fails fails the test."""
    stop = asyncio.Event()
    tasks = [
        asyncio.create_task(serve_switch(_settings(fabric, server, name), stop))
        for name in fabric.switches
    ]
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await asyncio.gather(*tasks)


def _settings(fabric: Fabric, server: Server, name: str) -> SwitchAgentSettings:
    switch = fabric.switches[name]
    return SwitchAgentSettings(
        name,
        server.api,
        server.state / "token",
        server.state / "agents",
        vty_dir=switch.directory,
        config_dir=switch.directory,
        namespace=switch.namespace.name,
    )


@pytest.fixture(scope="module")
def fabric() -> Iterator[Fabric]:
    compilation = compile_policy(load(SHOP.read_text(), "policy.yaml").documents)
    with running(compilation.plan) as raised:
        yield raised


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fsdn-server-") as directory:
        yield Path(directory)


async def _off(function: object, *arguments: object) -> object:
    return await asyncio.to_thread(function, *arguments)  # type: ignore[arg-type]


async def test_a_policy_reaches_every_switch_and_then_nothing_is_written(
    fabric: Fabric, state: Path
) -> None:
    with _serving(state) as server:
        async with _agents(fabric, server):
            await _off(server.fsdn, "apply", "-f", str(SHOP))
            for name in fabric.switches:
                await _off(server.says, name, "4 of 4 BGP sessions up")
            one, two = fabric.outside["bare1"], bare_address(fabric.plan, "bare2")
            assert await _off(reaches, one, two)
        kept = {p.name for p in (state / "agents").iterdir()}
        assert kept == {f"{name}.json" for name in fabric.switches}


async def test_agents_come_back_without_change_and_without_a_server(
    fabric: Fabric, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (state / "agents" / "leaf1.json").exists()
    (state / "endpoints.json").write_text('{"api": "http://127.0.0.1:9"}')  # nobody listens
    leaf = fabric.switches["leaf1"]
    leaf.namespace.ip("addr del 10.255.1.1/30 dev host1")
    async with _agents(fabric, Server(state)):
        assert await _off(reaches, fabric.outside["host1"], "10.255.1.1")  # mended
        said = ""
        others = fabric.switches.keys() - {"leaf1"}  # which say what they run, as it was
        async with asyncio.timeout(PATIENCE):
            while not all(re.search(rf"running.*switch={name}", said) for name in others):
                await asyncio.sleep(0.1)
                said += capsys.readouterr().out
    said += capsys.readouterr().out
    applied = [line for line in said.splitlines() if "applied" in line]
    assert len(applied) == 1, said
    assert "leaf1" in applied[0]


async def test_what_frr_refuses_reaches_the_operator(fabric: Fabric, state: Path) -> None:
    """Another's device in the way is found on the switch, not before it."""
    (state / "endpoints.json").unlink()
    leaf = fabric.switches["leaf2"]
    leaf.namespace.ip("link add br10020 type bridge", 'link set br10020 alias "theirs"')
    text = SHOP.read_text().replace(
        "ports: [{name: bare2, segment: shop/front}]",
        "ports: [{name: bare2, segment: shop/front}, {name: bare3, segment: shop/back}]",
    )
    assert text != SHOP.read_text()
    changed = state / "changed.yaml"
    changed.write_text(text)
    with _serving(state) as server:
        async with _agents(fabric, server):
            await _off(server.fsdn, "apply", "-f", str(changed))
            await _off(server.says, "leaf2", "br10020 exists and is not ours")
            assert await _off(reaches, fabric.outside["bare1"], bare_address(fabric.plan, "bare2"))
            leaf.namespace.ip("link del br10020")
            await _off(server.fsdn, "apply", "-f", str(SHOP))
            await _off(server.says, "leaf2", "4 of 4 BGP sessions up")

"""The switch agent while there is nothing to work with; with FRR it is tested on real devices."""

import asyncio
import itertools
import random
from pathlib import Path

import pytest

from tests.waiting import PATIENCE
from xds_server.agent import switch as module
from xds_server.agent.client import Report
from xds_server.agent.switch import SwitchAgentSettings, again, serve_switch
from xds_server.agent.switch_saved import SavedConfig, SavedError
from xds_server.snapshots.model import SwitchConfig

NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens


def _settings(directory: Path) -> SwitchAgentSettings:
    token = directory / "token"
    token.write_text("secret\n")
    return SwitchAgentSettings("leaf1", NOWHERE, token, directory / "agents", vty_dir=directory)


def test_the_switch_is_the_instance_that_was_named(tmp_path: Path) -> None:
    switch = _settings(tmp_path).switch
    assert (switch.name, switch.paths.vty, switch.paths.run) == ("leaf1", tmp_path, tmp_path)
    assert switch.paths.conf == Path("/etc/frr")


def _waits(monkeypatch: pytest.MonkeyPatch, times: int) -> asyncio.Event:
    """Let it wait for next to nothing; return what is set when it has waited so often."""
    enough, counted = asyncio.Event(), itertools.count(1)

    def delay(_failures: int, _rng: random.Random) -> float:
        if next(counted) >= times:
            enough.set()
        return 0.01

    monkeypatch.setattr(module, "delay", delay)
    return enough


async def test_without_a_server_it_waits_and_ends_when_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    thrice = _waits(monkeypatch, 3)
    stop = asyncio.Event()
    task = asyncio.create_task(serve_switch(_settings(tmp_path), stop))
    await asyncio.wait_for(thrice.wait(), PATIENCE)
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, PATIENCE)
    said = capsys.readouterr()
    text = said.out + said.err
    assert text.count("does not answer") == 1  # said once, not at every attempt
    assert "secret" not in text


async def test_without_frr_a_saved_configuration_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    once = _waits(monkeypatch, 1)
    settings = _settings(tmp_path)
    config = SwitchConfig("leaf1", "frr defaults traditional\n", "{}", "v1")
    saved = SavedConfig(settings.state, "leaf1")
    saved.save(config)
    stop = asyncio.Event()
    task = asyncio.create_task(serve_switch(settings, stop))
    await asyncio.wait_for(once.wait(), PATIENCE)
    stop.set()
    await asyncio.wait_for(task, PATIENCE)
    assert saved.load() == config
    said = capsys.readouterr()
    assert "of FRR does not answer" in said.out + said.err


async def test_a_broken_state_file_is_not_papered_over(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    settings.state.mkdir()
    (settings.state / "leaf1.json").write_text("{")
    with pytest.raises(SavedError):
        await serve_switch(settings, asyncio.Event())


def test_what_is_said_again_was_not_written_again() -> None:
    told = Report("applied", "v1", 53, detail="4 of 4 BGP sessions up")
    assert again(told) == Report("running", "v1", 0, detail="4 of 4 BGP sessions up")
    refused = Report("failed", "v1", reason="unknown command", line="foo")
    assert again(refused) == refused
    assert again(None) is None

import asyncio
import itertools
import os
import random
import signal
import stat
from pathlib import Path

import pytest

from tests.waiting import eventually
from xds_server.agent import host_envoy
from xds_server.agent.host_envoy import LONGEST, EnvoyPlace, delays, running, settle, watch


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnvoyPlace:
    """A place whose program only sleeps, and is entered without a namespace."""
    program = tmp_path / "sleeper"
    program.write_text("#!/bin/sh\nwhile :; do sleep 0.05; done\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(host_envoy, "POLL", 0.01)
    monkeypatch.setattr(host_envoy, "SHORTEST", 0.01)
    made = EnvoyPlace(str(program), "none", tmp_path / "state")
    plain = (made.program, "-c", str(made.config))
    monkeypatch.setattr(EnvoyPlace, "argv", property(lambda _: plain))
    return made


def test_the_command_enters_the_namespace() -> None:
    place = EnvoyPlace("envoy", "fsdn-proxy", Path("/state"), 2)
    assert place.argv[:4] == ("nsenter", "--net=/run/netns/fsdn-proxy", "--", "envoy")
    assert place.argv[4:8] == ("-c", "/state/envoy.yaml", "--concurrency", "2")
    assert "--concurrency" not in EnvoyPlace("envoy", "n", Path("/state")).argv


def test_waits_grow_to_a_bound_and_are_jittered() -> None:
    waits = list(itertools.islice(delays(random.Random(1)), 12))
    assert waits[0] <= 0.5
    assert max(waits) <= LONGEST
    assert waits[-1] >= LONGEST / 2
    assert waits != list(itertools.islice(delays(random.Random(2)), 12))


def test_nothing_runs_where_no_pid_is_kept(place: EnvoyPlace) -> None:
    assert running(place) is None


def test_a_pid_that_has_become_someone_elses_is_not_ours(place: EnvoyPlace) -> None:
    settle(place, "a: 1")
    place.pid_file.write_text(str(os.getpid()))
    assert running(place) is None


async def ended(pid: int) -> None:
    stat = Path(f"/proc/{pid}/stat")
    await eventually(lambda: not stat.exists() or "Z" in stat.read_text(), f"the end of {pid}")


async def found(place: EnvoyPlace, other: int | None = None) -> int:
    await eventually(lambda: running(place) not in (None, other), "an Envoy, another one")
    pid = running(place)
    assert pid is not None
    return pid


async def test_it_is_restarted_adopted_and_replaced(place: EnvoyPlace) -> None:
    settle(place, "a: 1")
    task = asyncio.create_task(watch(place, random.Random(1)))
    first = await found(place)
    os.kill(first, signal.SIGKILL)
    second = await found(place, other=first)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert running(place) == second, "it must outlive the watch"
    settle(place, "a: 1")
    assert running(place) == second, "the same bootstrap must not end it"
    settle(place, "a: 2")
    await ended(second)
    assert place.config.read_text() == "a: 2"

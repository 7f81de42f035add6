"""What the agent has loaded and noted, with programs and a database that remember it."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.xds_server.protocols.ovsdb.test_queueing import DONE, QOS
from tests.waiting import eventually
from xds_server.agent import host_queues
from xds_server.agent.host_queues import Sorter
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.southbound.ovsdb_session import OvsdbError, OvsdbSession

USERSPACE = replace(DONE, datapath="netdev")
BARE = replace(USERSPACE, qos=())


class Database:
    """A session with a database that describes one bridge."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridges = (bridge,)
        self.connection = self
        self.asked: list[Sequence[dict[str, Any]]] = []
        self.refusals = 0

    async def transact(self, operations: Sequence[dict[str, Any]], _timeout: float) -> list[Any]:
        if self.refusals:
            self.refusals -= 1
            raise OvsdbError("read only")
        self.asked.append(operations)
        return []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an nft and a tc first in PATH that append what they read to files beside them."""
    for name in ("nft", "tc"):
        file = tmp_path / name
        file.write_text(f'#!/bin/sh\necho "-- $*" >> {file}.log\n/bin/cat >> {file}.log\n')
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _log(programs: Path, name: str) -> str:
    file = programs / f"{name}.log"
    return file.read_text() if file.exists() else ""


async def _look(sorter: Sorter, database: Database, failures: int = 0) -> str:
    """Have it look once at what a database holds, as after so many failures."""
    sorter.joined(cast(OvsdbSession, database))
    return await sorter._sorted(failures)


async def _follow(sorter: Sorter, database: Database, until: Callable[[], bool]) -> None:
    """Have it follow a database until something is so."""
    session = cast(OvsdbSession, database)
    sorter.joined(session)
    sorter.described(session)
    task = asyncio.create_task(sorter._follow())
    try:
        await eventually(until)
    finally:
        task.cancel()


async def test_what_is_new_is_loaded_once_and_noted(programs: Path) -> None:
    sorter, database = Sorter(programs), Database(USERSPACE)
    assert await _look(sorter, database) == ""
    assert "meta priority set 1:6" in _log(programs, "nft")
    assert "-- -batch -\nqdisc replace dev web parent 1:6" in _log(programs, "tc")
    assert len(database.asked) == 1
    await _look(sorter, database)
    assert _log(programs, "nft").count("-- -f -") == 1
    another = replace(USERSPACE, interfaces=(replace(USERSPACE.interfaces[1], ofport=9),))
    await _look(sorter, Database(another))
    assert _log(programs, "nft").count("-- -f -") == 2  # the device is another one


async def test_rules_go_with_the_last_queue(programs: Path) -> None:
    sorter = Sorter(programs)
    await _look(sorter, Database(USERSPACE))
    await _look(sorter, Database(BARE))
    assert _log(programs, "nft").endswith(
        "-- -f -\ntable netdev fsdn_queues\ndelete table netdev fsdn_queues\n"
    )


async def test_all_is_loaded_again_from_time_to_time(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_queues, "LOOK", 0.1)

    def again() -> bool:
        return _log(programs, "tc").count("-- -batch -") > 1

    await _follow(Sorter(programs), Database(USERSPACE), again)


async def test_trouble_is_tried_again_and_noted_once_it_lasts(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_queues, "delay", lambda _attempt, _rng: 0.01)
    (programs / "tc").write_text("#!/bin/sh\necho no such class >&2\nexit 1\n")
    database = Database(USERSPACE)
    assert await _look(Sorter(programs), database) == "no such class"
    assert database.asked == []
    await _follow(Sorter(programs, random.Random(1)), database, lambda: bool(database.asked))
    noted = database.asked[0][1]["mutations"][0][2]
    assert noted == ["map", [["fsdn-trouble", "no such class"]]]


async def test_a_program_that_is_missing_is_trouble_only_where_there_are_queues(
    programs: Path,
) -> None:
    (programs / "nft").unlink()
    bare, queued = Database(BARE), Database(USERSPACE)
    assert await _look(Sorter(programs), bare, failures=9) == ""
    assert bare.asked == []
    assert await _look(Sorter(programs), queued, failures=9) == "nft is not installed"
    assert "nft is not installed" in str(queued.asked[0])


async def test_a_database_that_refuses_is_asked_again(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_queues, "delay", lambda _attempt, _rng: 0.01)
    database = Database(USERSPACE)
    database.refusals = 2
    await _follow(Sorter(programs, random.Random(1)), database, lambda: bool(database.asked))
    assert database.refusals == 0


async def test_without_a_session_nothing_is_done(programs: Path) -> None:
    sorter, database = Sorter(programs), Database(replace(USERSPACE, qos=(QOS,)))
    session = cast(OvsdbSession, database)
    sorter.joined(session)
    sorter.left(session)
    assert await sorter._sorted(0) == ""
    assert (_log(programs, "nft"), database.asked) == ("", [])

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.xds_server.protocols.reports.test_health import BAD, GOOD, A, B, specifier
from tests.waiting import eventually
from xds_server import health_memory
from xds_server.health_memory import HealthMemory
from xds_server.protocols.reports.health import Assignment
from xds_server.protocols.reports.health_table import HealthTable
from xds_server.store.found_health import FILE, load_health


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_memory, "LOOK_SECONDS", 0.01)


@dataclass
class Clock:
    """A clock that the test turns, and that tells whether it was looked at."""

    now: float = 100.0
    looks: int = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.now

    async def looked(self) -> None:
        """Wait until the memory has looked at it twice from now: once in vain, or to forget."""
        before = self.looks
        await eventually(lambda: self.looks >= before + 2)


def checking() -> HealthTable:
    table = HealthTable()
    table.assign({"one": Assignment(specifier(A, B))})
    return table


async def test_a_restart_remembers_and_forgets_who_does_not_come_back(tmp_path: Path) -> None:
    table = checking()
    memory = HealthMemory(tmp_path, table, lambda: 1.0)
    memory.recall()
    keeping = asyncio.create_task(memory.keep())
    table.take("one", {A: BAD, B: GOOD}, 1.0)
    await eventually(lambda: load_health(tmp_path) == (("one", A, BAD),))
    keeping.cancel()
    again, clock = checking(), Clock()
    memory = HealthMemory(tmp_path, again, clock)
    memory.recall()
    assert again.unhealthy == {A}
    keeping = asyncio.create_task(memory.keep())
    await clock.looked()
    clock.now += memory.hold - 1
    await clock.looked()
    assert again.unhealthy == {A}
    clock.now += 1
    await eventually(lambda: not again.unhealthy)
    await eventually(lambda: load_health(tmp_path) == ())
    keeping.cancel()


async def test_who_comes_back_is_not_forgotten(tmp_path: Path) -> None:
    table, clock = checking(), Clock()
    table.recall([("one", A, BAD)], clock.now)
    memory = HealthMemory(tmp_path, table, clock)
    keeping = asyncio.create_task(memory.keep())
    await clock.looked()
    table.take("one", {A: BAD}, clock.now + 30)
    clock.now += memory.hold
    await clock.looked()  # the second look of this turn is to forget who did not come back
    assert table.unhealthy == {A}
    keeping.cancel()


async def test_a_file_of_no_use_and_a_full_disk_are_no_end(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    table = checking()
    HealthMemory(tmp_path, table, lambda: 1.0).recall()
    assert table.unhealthy == frozenset()
    memory = HealthMemory(tmp_path / "gone", table, lambda: 1.0)
    keeping = asyncio.create_task(memory.keep())
    table.take("one", {A: BAD}, 1.0)
    await eventually(lambda: memory.saved == {A})
    assert not keeping.done()
    keeping.cancel()

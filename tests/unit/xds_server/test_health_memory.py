import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.unit.xds_server.protocols.reports.test_health import BAD, GOOD, A, B, specifier
from xds_server.health_memory import HealthMemory
from xds_server.protocols.reports.health import Assignment
from xds_server.protocols.reports.health_table import HealthTable
from xds_server.store.found_health import FILE, load_health


def checking() -> HealthTable:
    table = HealthTable()
    table.assign({"one": Assignment(specifier(A, B))})
    return table


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.05)


async def test_a_restart_remembers_and_forgets_who_does_not_come_back(tmp_path: Path) -> None:
    table = checking()
    memory = HealthMemory(tmp_path, table, lambda: 1.0)
    memory.recall()
    keeping = asyncio.create_task(memory.keep())
    table.take("one", {A: BAD, B: GOOD}, 1.0)
    await until(lambda: load_health(tmp_path) == (("one", A, BAD),))
    keeping.cancel()
    again, now = checking(), [100.0]
    memory = HealthMemory(tmp_path, again, lambda: now[0])
    memory.recall()
    assert again.unhealthy == {A}
    keeping = asyncio.create_task(memory.keep())
    await asyncio.sleep(0.6)
    assert again.unhealthy == {A}
    now[0] += 60
    await until(lambda: not again.unhealthy)
    await until(lambda: load_health(tmp_path) == ())
    keeping.cancel()


async def test_who_comes_back_is_not_forgotten(tmp_path: Path) -> None:
    table, now = checking(), [100.0]
    table.recall([("one", A, BAD)], 100.0)
    keeping = asyncio.create_task(HealthMemory(tmp_path, table, lambda: now[0]).keep())
    await asyncio.sleep(0.1)
    table.take("one", {A: BAD}, 130.0)
    now[0] += 60
    await asyncio.sleep(1.2)
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
    await until(lambda: memory.saved == {A})
    assert not keeping.done()
    keeping.cancel()

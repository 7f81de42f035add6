import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from xds_server.store.engine import open_engine
from xds_server.store.transactions import Transactions


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE kept (x INTEGER)")
    yield engine
    await engine.dispose()


def _insert(connection: Connection) -> int:
    connection.execute(text("INSERT INTO kept VALUES (1)"))
    return threading.get_ident()


async def _count(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM kept")) or 0)


async def test_what_has_run_is_stored_and_was_another_thread_s_work(engine: AsyncEngine) -> None:
    assert await Transactions(engine).run(_insert) != threading.get_ident()
    assert await _count(engine) == 1


async def test_what_fails_leaves_nothing(engine: AsyncEngine) -> None:
    def fails(connection: Connection) -> None:
        _insert(connection)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await Transactions(engine).run(fails)
    assert await _count(engine) == 0


async def test_its_commits_survive_the_loss_of_power(engine: AsyncEngine) -> None:
    def read(connection: Connection) -> tuple[object, ...]:
        asked = ("journal_mode", "synchronous", "foreign_keys")
        return tuple(connection.scalar(text(f"PRAGMA {pragma}")) for pragma in asked)

    assert await Transactions(engine).run(read) == ("wal", 2, 1)


async def test_one_that_is_cancelled_is_whole_all_the_same(engine: AsyncEngine) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        _insert(connection)
        begun.set()
        assert go_on.wait(10)
        _insert(connection)

    task = asyncio.create_task(Transactions(engine).run(slow))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await Transactions(engine).run(lambda _connection: None)  # waits for the other one's lock
    assert await _count(engine) == 2


async def test_one_that_reads_waits_for_no_other_and_sees_what_is_committed(
    engine: AsyncEngine,
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    transactions = Transactions(engine)

    def slow(connection: Connection) -> None:
        _insert(connection)
        begun.set()
        assert go_on.wait(10)

    def count(session: Session) -> int:
        return session.scalar(text("SELECT count(*) FROM kept")) or 0

    writing = asyncio.create_task(transactions.run(slow))
    await asyncio.to_thread(begun.wait)
    assert await transactions.read(count) == 0
    go_on.set()
    await writing
    assert await transactions.read(count) == 1


async def test_a_database_without_a_file_has_the_driver_s_turns() -> None:
    engine = await open_engine("sqlite+aiosqlite://")
    transactions = Transactions(engine)
    await transactions.run(lambda c: c.exec_driver_sql("CREATE TABLE kept (x INTEGER)"))
    await transactions.run(_insert)
    assert await transactions.read(lambda s: s.scalar(text("SELECT count(*) FROM kept"))) == 1
    await engine.dispose()

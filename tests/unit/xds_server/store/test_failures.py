import sqlite3
from pathlib import Path

import pytest

from xds_server.controller.errors import StoreError
from xds_server.controller.values import StatusRow
from xds_server.store.engine import open_engine
from xds_server.store.repository import SqlRepository

ROW = StatusRow("proxy/host1", "lds", "1", "SYNCED", "", 1.0)


async def test_a_database_that_cannot_be_written_is_an_error_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xds_server.store.engine._PRAGMAS", ("busy_timeout=50",))
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    repository = SqlRepository(engine)
    with sqlite3.connect(tmp_path / "db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"database is locked.*who else holds it"):
            await repository.save_status([ROW])
        other.execute("ROLLBACK")
    await repository.save_status([ROW])
    assert await repository.load_status() == (ROW,)
    await engine.dispose()


async def test_a_bug_of_ours_stays_what_it_is(tmp_path: Path) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from xds_server.store.failures import told

    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    async with engine.connect() as connection:
        with pytest.raises(StoreError, match="no such table"), told():
            await connection.execute(text("SELECT 1 FROM nowhere"))
    with pytest.raises(ProgrammingError), told():
        raise ProgrammingError("SELECT", {}, Exception("closed"))
    with pytest.raises(StoreError), told():
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))
    await engine.dispose()

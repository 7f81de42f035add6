import json
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

import migrations
from xds_server.controller.errors import MachineError
from xds_server.store.engine import migrate, open_engine
from xds_server.store.repository import SqlRepository
from xds_server.store.tables import Base


def test_the_migrations_lead_to_the_models(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'db'}")
    with engine.begin() as connection:
        migrate(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


async def test_commits_survive_the_loss_of_power(tmp_path: Path) -> None:
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    async with engine.connect() as connection:
        mode = (await connection.execute(text("PRAGMA journal_mode"))).scalar()
        synchronous = (await connection.execute(text("PRAGMA synchronous"))).scalar()
        keys = (await connection.execute(text("PRAGMA foreign_keys"))).scalar()
    await engine.dispose()
    assert (mode, synchronous, keys) == ("wal", 2, 1)


async def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'db'}"
    await (await open_engine(url)).dispose()
    before = _schema(tmp_path / "db")
    await (await open_engine(url)).dispose()
    assert _schema(tmp_path / "db") == before
    assert "revisions" in before


def _schema(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        return "\n".join(
            sql or "" for (sql,) in connection.execute("SELECT sql FROM sqlite_master")
        )


async def test_a_migration_is_one_transaction(tmp_path: Path) -> None:
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")

    def fails(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half_done (x INTEGER)")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        async with engine.begin() as connection:
            await connection.run_sync(fails)
    await engine.dispose()
    assert "half_done" not in _schema(tmp_path / "db")


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'db'}"
    await (await open_engine(url)).dispose()
    with sqlite3.connect(tmp_path / "db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(MachineError, match="newer version"):
        await open_engine(url)


async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("this is no database, however long it may be" * 100)
    with pytest.raises(MachineError, match="cannot open the database"):
        await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        ("mysql+oursql://fsdn:geheim@db/fsdn", "is no SQLAlchemy URL"),
        ("fsdn:geheim@db", "is no SQLAlchemy URL"),
        ("oracle+oracledb_async://fsdn:geheim@db/fsdn", "driver oracledb"),
    ],
)
async def test_a_database_that_cannot_be_had_is_one_sentence(url: str, mend: str) -> None:
    with pytest.raises(MachineError, match=mend) as told:
        await open_engine(url)
    assert "geheim" not in str(told.value)


async def test_a_database_given_back_to_an_earlier_version_has_all_numbers(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'db'}"
    engine = await open_engine(url)
    repository = SqlRepository(engine)
    for parent, given in enumerate((None, {"segments": {"a": 1}}, None, None)):
        await repository.commit(parent, "", "", 0.0, [], given)
    await engine.dispose()
    with create_engine(f"sqlite:///{tmp_path / 'db'}").begin() as connection:
        downgrade(connection, "0002")
        query = text("SELECT allocations FROM revisions ORDER BY number")
        held = [json.loads(one) for one in connection.execute(query).scalars()]
    assert held == [{}, *[{"segments": {"a": 1}}] * 3]


def downgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)

"""Opening the database: durable SQLite by default, brought to the newest schema first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import migrations
from xds_server.controller.errors import MachineError

# FULL makes a commit survive the loss of power, not only of the process; the busy timeout (ms)
# lets a reader such as a backup tool hold the file for a moment.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")

_READS = "fsdn_reads"  # the execution option of connections that only read


async def open_engine(url: str) -> AsyncEngine:
    """Return an engine on a database of the newest schema.

    Raises MachineError when the database cannot be opened or was written by a newer program.
    """
    engine = _engine(url)
    shown = engine.url.render_as_string(hide_password=True)
    if engine.dialect.name == "sqlite":
        configure(engine.sync_engine)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
    except (OperationalError, DatabaseError) as error:
        await engine.dispose()
        raise MachineError(f"cannot open the database {shown}: {error.orig}") from error
    except CommandError as error:
        await engine.dispose()
        raise MachineError(
            f"the database {shown} was written by a newer version of fsdn, "
            f"upgrade this one: {error}"
        ) from error
    return engine


def configure(engine: Engine) -> None:
    """Make every connection of an engine on SQLite durable, and every transaction ours."""
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)


def reading(engine: Engine) -> Engine:
    """Return a configured engine's other face, whose transactions only read: no writer waits."""
    return engine.execution_options(**{_READS: True})


def _engine(url: str) -> AsyncEngine:
    try:
        # A server that was restarted has forgotten our connections: each is tried before its use.
        return create_async_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except ModuleNotFoundError as error:
        raise MachineError(
            f"the database needs the driver {error.name}, which is not installed: "
            "pip install 'fullstack-sdn[postgres]'"
        ) from error
    except ArgumentError as error:  # its words may repeat the URL, and with it a password
        raise MachineError(
            "FSDN_DATABASE is no SQLAlchemy URL of a database that is known here, write it as "
            "postgresql+psycopg://USER@HOST/NAME"
        ) from error


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the database to a schema revision, in the connection's own transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _configure(connection: Any, _record: object) -> None:
    # The driver would begin a transaction only at the first INSERT, so that a migration killed
    # between two CREATE TABLE would be left half done: we begin every transaction ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # IMMEDIATE: a transaction that has read and then wants to write, while another one has written
    # in between, is refused at once as "locked", without the busy timeout (SQLITE_BUSY_SNAPSHOT).
    only_reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")

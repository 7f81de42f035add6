"""Where alembic meets the store's tables; it imports them and nothing else of the program."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from xds_server.store.tables import Base


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite cannot alter a column in place
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _run() -> None:
    """Use the server's open connection, or the URL of alembic.ini for work by hand."""
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise SystemExit("no database is named: set sqlalchemy.url in migrations/alembic.ini")
    with create_engine(url).begin() as connection:
        _migrate(connection)


_run()

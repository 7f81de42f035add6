"""Many rows put into a table at once, in the words that SQLite and PostgreSQL share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, text

Row = dict[str, Any]  # by column


def put(connection: Connection, table: Table, rows: Sequence[Row], replaces: bool = True) -> None:
    """Insert rows of one shape; one whose keys are there already replaces that, or is left out.

    The driver gets them as they are: to bind each by the statement takes longer than to store it.
    """
    if not rows:
        return
    compiled = text(_words(table, list(rows[0]), replaces)).compile(dialect=connection.dialect)
    names = compiled.positiontup  # None where the driver takes names
    given: list[Any] = list(rows) if names is None else [_tuple(row, names) for row in rows]
    connection.exec_driver_sql(str(compiled), given)


def _tuple(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple([row[name] for name in names])


def _words(table: Table, columns: Sequence[str], replaces: bool) -> str:
    keys = [column.name for column in table.primary_key]
    rest = [name for name in columns if name not in keys]
    then = ", ".join(f"{name} = excluded.{name}" for name in rest)
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)}) "
        f"VALUES ({', '.join(f':{name}' for name in columns)}) "
        f"ON CONFLICT ({', '.join(keys)}) "
        + (f"DO UPDATE SET {then}" if replaces and rest else "DO NOTHING")
    )

"""Transactions as plain functions of a connection: on SQLite each is one turn of a worker thread.

Through the asynchronous driver every statement is a turn of its own, and a commit has six of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from xds_server.store.engine import configure, reading
from xds_server.store.failures import told

Result = TypeVar("Result")


class Transactions:
    """Runs what reads and writes; raises StoreError while the database cannot do it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._near = _near(engine)

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Do work in one transaction, whole or not at all, and return its result once it is safe.

        A caller that is cancelled meanwhile does not undo it.
        """
        with told():
            if self._near is not None:
                return await asyncio.to_thread(_done, self._near, work)
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)

    async def read(self, work: Callable[[Session], Result]) -> Result:
        """Return what work finds in one transaction that writes nothing, and so waits for none."""
        with told():
            if self._near is not None:
                return await asyncio.to_thread(_found, reading(self._near), work)
            async with AsyncSession(self._engine) as session:
                return await session.run_sync(work)


def _found(engine: Engine, work: Callable[[Session], Result]) -> Result:
    with Session(engine) as session:
        return work(session)


def _done(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    with engine.begin() as connection:
        return work(connection)


def _near(engine: AsyncEngine) -> Engine | None:
    """Return an engine on the same file without the driver's turns; None where there is no file."""
    if engine.dialect.name != "sqlite" or engine.url.database in (None, "", ":memory:"):
        return None
    near = create_engine(engine.url.set(drivername="sqlite"))
    configure(near)
    event.listen(engine.sync_engine, "engine_disposed", lambda _engine: near.dispose())
    return near

"""The repository on SQLAlchemy: one transaction a revision, nothing ever updated in history."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, String, Table, bindparam, cast, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from xds_server.controller.errors import ConflictError, NotFoundError
from xds_server.controller.values import (
    Allocated,
    ChangeKind,
    ObjectChange,
    Progress,
    ProgressRow,
    Reach,
    Revision,
    StatusRow,
    StoredObject,
)
from xds_server.store.chain import GENESIS, link
from xds_server.store.tables import (
    AcknowledgedRow,
    Base,
    DeviceRow,
    ObjectRow,
    ProgressRecord,
    RevisionRow,
)
from xds_server.store.transactions import Transactions
from xds_server.store.upsert import Row, put

_AT_ONCE = 500  # rows of a transaction
# Rows go straight into the tables: a unit of work costs a millisecond a revision.
_REVISIONS = Base.metadata.tables[RevisionRow.__tablename__]
_OBJECTS = Base.metadata.tables[ObjectRow.__tablename__]
_ACKNOWLEDGED = Base.metadata.tables[AcknowledgedRow.__tablename__]
_PROGRESS = Base.metadata.tables[ProgressRecord.__tablename__]
_DEVICES = Base.metadata.tables[DeviceRow.__tablename__]

# A commit's statements are made once: to make one takes as long as to run it.
_DIGEST = select(_REVISIONS.c.digest).where(_REVISIONS.c.number == bindparam("number"))
_NEW_REVISION, _NEW_OBJECTS = insert(_REVISIONS), insert(_OBJECTS)


class SqlRepository:
    """Revisions, objects and device states in a database (see controller.ports.Repository)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._transactions = Transactions(engine)

    async def head(self) -> int:
        """Return the number of the last revision, 0 before the first."""
        return await self._transactions.read(_head)

    async def objects(self, revision: int) -> tuple[StoredObject, ...]:
        """Return all objects as this revision left them, sorted by key."""
        newest = (
            select(ObjectRow.key, func.max(ObjectRow.revision).label("revision"))
            .where(ObjectRow.revision <= revision)
            .group_by(ObjectRow.key)
            .subquery()
        )
        query = (
            select(ObjectRow)
            .join(
                newest,
                (ObjectRow.key == newest.c.key) & (ObjectRow.revision == newest.c.revision),
            )
            .where(ObjectRow.source.is_not(None))
            .order_by(ObjectRow.key)
        )
        return await self._transactions.read(
            lambda session: tuple(_object(row) for row in session.scalars(query))
        )

    async def allocations(self, revision: int) -> Allocated:
        """Return the numbers given out up to this revision; empty for revision 0."""
        own = RevisionRow.number <= revision, cast(RevisionRow.allocations, String) != "null"
        query = select(RevisionRow.allocations).where(*own).order_by(RevisionRow.number.desc())
        return await self._transactions.read(lambda session: session.scalar(query.limit(1)) or {})

    async def commit(
        self,
        parent: int,
        author: str,
        message: str,
        at: float,
        changes: Sequence[ObjectChange],
        allocations: Allocated | None,
    ) -> Revision:
        """Store the successor of ``parent`` whole; raise ConflictError if it has one already.

        Thousands of numbers are not written again where they are those of the parent.
        """
        ordered = sorted(changes, key=lambda change: change.object.key)
        number = parent + 1

        def store(connection: Connection) -> str:
            digest = link(_digest(connection, parent), number, author, message, at, ordered)
            row = {
                "number": number,
                "author": author,
                "message": message,
                "created_at": at,
                "changes": [[str(c.change), c.object.key] for c in ordered],
                "allocations": None if allocations is None else dict(allocations),
                "digest": digest,
            }
            connection.execute(_NEW_REVISION, [row])
            if versions := [_row(number, change) for change in ordered]:
                connection.execute(_NEW_OBJECTS, versions)
            return digest

        try:
            digest = await self._transactions.run(store)
        except IntegrityError as error:
            raise ConflictError(
                f"revision {number} was stored by another change, apply again on top of it"
            ) from error
        told = tuple((str(c.change), c.object.key) for c in ordered)
        return Revision(number, author, message, at, told, digest, None)

    async def revision(self, number: int) -> Revision:
        """Return one revision; raise NotFoundError if there is none of this number."""

        def found(session: Session) -> Revision:
            row = session.get(RevisionRow, number)
            if row is None:
                raise NotFoundError(
                    f"there is no revision {number}, the newest is {_head(session)}; "
                    "see 'fsdn history'"
                )
            acked = session.get(AcknowledgedRow, number)
            return _revision(row, None if acked is None else acked.seconds)

        return await self._transactions.read(found)

    async def revisions(self, limit: int) -> tuple[Revision, ...]:
        """Return the newest revisions, newest first."""
        query = (
            select(RevisionRow, AcknowledgedRow.seconds)
            .outerjoin(AcknowledgedRow, AcknowledgedRow.revision == RevisionRow.number)
            .order_by(RevisionRow.number.desc())
            .limit(limit)
        )
        return await self._transactions.read(
            lambda session: tuple(_revision(row, acked) for row, acked in session.execute(query))
        )

    async def acknowledged(self, number: int, seconds: float) -> None:
        """Note, once, how long it took until every connected device ran the revision."""
        row = {"revision": number, "seconds": seconds}
        await self._transactions.run(
            lambda connection: put(connection, _ACKNOWLEDGED, [row], False)
        )

    async def save_status(self, rows: Sequence[StatusRow]) -> None:
        """Replace the last known state of these devices and types."""
        await self._replace(_DEVICES, [_fields(row) for row in rows])

    async def save_progress(self, rows: Sequence[ProgressRow]) -> None:
        """Replace how far these revisions came on these devices."""
        of = ({"revision": r.revision, "device": r.device, **_fields(r.progress)} for r in rows)
        await self._replace(_PROGRESS, list(of))

    async def _replace(self, table: Table, rows: list[Row]) -> None:
        """Put rows in the place of those with the same keys, a few hundred in a transaction.

        So that a change is stored between them, and never waits for all.
        """
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            await self._transactions.run(partial(put, table=table, rows=part))

    async def load_progress(self, revision: int) -> tuple[ProgressRow, ...]:
        """Return how far a revision came on each device, sorted by device."""
        query = (
            select(ProgressRecord)
            .where(ProgressRecord.revision == revision)
            .order_by(ProgressRecord.device)
        )
        return await self._transactions.read(
            lambda session: tuple(_progress(row) for row in session.scalars(query))
        )

    async def load_status(self) -> tuple[StatusRow, ...]:
        """Return the last known state of every device and type, sorted."""
        query = select(DeviceRow).order_by(DeviceRow.device, DeviceRow.type)
        return await self._transactions.read(
            lambda session: tuple(
                StatusRow(row.device, row.type, row.version, row.state, row.reason, row.at)
                for row in session.scalars(query)
            )
        )


def _fields(row: StatusRow | Progress) -> dict[str, Any]:
    """Return a row's fields, which are all plain: ``asdict`` copies each of them deeply."""
    return {name: getattr(row, name) for name in row.__slots__}


def _head(session: Session) -> int:
    return session.scalar(select(func.max(RevisionRow.number))) or 0


def _digest(connection: Connection, number: int) -> str:
    if number == 0:
        return GENESIS
    digest: str | None = connection.scalar(_DIGEST, {"number": number})
    if digest is None:
        raise ConflictError(f"revision {number}, which this change builds on, is not in the store")
    return digest


def _row(revision: int, change: ObjectChange) -> dict[str, Any]:
    kept = change.object
    removed = change.change is ChangeKind.REMOVED
    return {
        "revision": revision,
        "key": kept.key,
        "kind": kept.kind,
        "tenant": kept.tenant,
        "name": kept.name,
        "file": kept.file,
        "line": kept.line,
        "source": None if removed else kept.source,
    }


def _object(row: ObjectRow) -> StoredObject:
    return StoredObject(
        row.key, row.kind, row.tenant, row.name, row.file, row.line, row.source or ""
    )


def _progress(row: ProgressRecord) -> ProgressRow:
    kept = Progress(Reach(row.reach), row.seconds, row.reason, row.origin)
    return ProgressRow(row.revision, row.device, kept)


def _revision(row: RevisionRow, seconds: float | None) -> Revision:
    changes = tuple((change, key) for change, key in row.changes)
    return Revision(
        row.number, row.author, row.message, row.created_at, changes, row.digest, seconds
    )

"""The tables: append-only revisions and object versions, and the last known state of devices."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The registry of all tables; constraints are named so that migrations can refer to them."""

    metadata = MetaData(naming_convention=NAMES)


class RevisionRow(Base):
    """One committed change. Rows are inserted, never updated; numbers leave no gap."""

    __tablename__ = "revisions"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    author: Mapped[str] = mapped_column(String(200))
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)  # seconds since the epoch
    changes: Mapped[list[list[str]]] = mapped_column(JSON)  # [change, key], sorted by key
    allocations: Mapped[dict[str, Any] | None] = mapped_column(
        JSON, nullable=False
    )  # JSON's null: those of the parent
    digest: Mapped[str] = mapped_column(String(64))  # covers the digest before: a hash chain


class ObjectRow(Base):
    """What a revision made of one object; without a source, it removed it.

    An object as of revision N is its row with the highest revision up to N.
    """

    __tablename__ = "object_versions"

    revision: Mapped[int] = mapped_column(ForeignKey("revisions.number"), primary_key=True)
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    kind: Mapped[str] = mapped_column(String(50))
    tenant: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    file: Mapped[str] = mapped_column(Text)
    line: Mapped[int] = mapped_column(Integer)
    source: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "key", "revision"),)


class AcknowledgedRow(Base):
    """That every connected device ran a revision, and how long it took. Inserted once."""

    __tablename__ = "acknowledged"

    revision: Mapped[int] = mapped_column(ForeignKey("revisions.number"), primary_key=True)
    seconds: Mapped[float] = mapped_column(Float)


class ProgressRecord(Base):
    """How far a revision came on one device; the last word while the revision was current."""

    __tablename__ = "revision_progress"

    revision: Mapped[int] = mapped_column(ForeignKey("revisions.number"), primary_key=True)
    device: Mapped[str] = mapped_column(String(200), primary_key=True)
    reach: Mapped[str] = mapped_column(String(20))
    seconds: Mapped[float | None] = mapped_column(Float)
    reason: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)


class DeviceRow(Base):
    """The last known state of one type on one device: a memory over restarts, not a record."""

    __tablename__ = "device_status"

    device: Mapped[str] = mapped_column(String(200), primary_key=True)
    type: Mapped[str] = mapped_column(String(200), primary_key=True)
    version: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[float] = mapped_column(Float)  # seconds since the epoch

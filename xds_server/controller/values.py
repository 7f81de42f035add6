"""What the controller stores and answers: objects, changes, revisions and their effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from translators.diagnostics import Diagnostic
from xds_server.snapshots.evidence import Device


class ChangeKind(StrEnum):
    """What a revision did to an object."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"  # the same text at another place, which matters to origins only
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, order=True)
class StoredObject:
    """One document as its author wrote it: enough to load it again, lines included."""

    key: str  # kind/tenant/name in lower case
    kind: str
    tenant: str  # "" for objects that belong to no tenant
    name: str
    file: str
    line: int  # of the document's first line in its file, from 1
    source: str  # the exact YAML text


@dataclass(frozen=True, slots=True, order=True)
class ObjectChange:
    """An object that a revision added, changed or removed (then as it was before)."""

    change: ChangeKind
    object: StoredObject


@dataclass(frozen=True, slots=True)
class Revision:
    """One committed change; numbers rise by one, and each digest covers the one before."""

    number: int
    author: str
    message: str
    at: float  # seconds since the epoch
    changes: tuple[tuple[str, str], ...]  # (change, key), sorted by key
    digest: str  # hash chain over all revisions up to this one
    acked_after: float | None = None  # seconds until every connected device ran it


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that an author hands in; ``name`` is what diagnostics and origins will say."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class DeviceImpact:
    """How much a change writes to one device; ``unit`` is resources, flows or lines."""

    device: Device
    unit: str
    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A difference in meaning between two plans."""

    kind: str
    name: str
    change: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an apply did, or with ``dry_run`` would do."""

    revision: int  # the revision that now holds; with ``stored`` False an earlier one
    stored: bool
    changes: tuple[ObjectChange, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    meaning: tuple[PlanChange, ...] = ()
    devices: tuple[DeviceImpact, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusRow:
    """The last known state of one type on one device, as the store keeps it."""

    device: str  # "proxy/host1"
    type: str
    version: str
    state: str
    reason: str
    at: float


class Reach(StrEnum):
    """How far a revision came on one device."""

    PENDING = "pending"  # it is connected, and has not answered yet
    ABSENT = "absent"  # it is not connected
    NACKED = "nacked"  # it refused, and keeps the last good version
    ACKED = "acked"  # it ran the revision; what happens to it later does not change that


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a revision came on one device, and why no further."""

    reach: Reach
    seconds: float | None = None  # from the commit until it was acknowledged
    reason: str = ""
    origin: str = ""  # "file:line" of the policy behind a refusal


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """How far one revision came on one device, as the store keeps it."""

    revision: int
    device: str  # "proxy/host1"
    progress: Progress


Allocated = Mapping[str, Any]  # Allocations as plain JSON values

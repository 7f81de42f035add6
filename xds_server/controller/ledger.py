"""What devices said, written down behind the events; a database that fails is tried again.

While a revision is on its way to devices they come first: what they say meanwhile is written when
it has reached them all, or after half a minute, then a part at a time. A server that is killed
before loses what devices say again when they come back, and how far that revision had come.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import structlog
from immutables import Map

from xds_server.controller.errors import StoreError
from xds_server.controller.memory import rows_of
from xds_server.controller.ports import Repository
from xds_server.controller.state import State
from xds_server.controller.values import Progress, ProgressRow, Revision, StatusRow
from xds_server.snapshots.evidence import Device, device_named
from xds_server.status.model import Status

_log = structlog.get_logger("fsdn.ledger")
FIRST_DELAY = 1.0  # seconds until a failed write is tried again; doubled each time
LONGEST_DELAY = 30.0
PATIENCE = 30.0  # seconds that what is new may wait for a revision to reach its devices
REST = 1.0  # seconds after that until it is written: one change often follows another
AT_ONCE = 500  # rows that are written before it is asked whether a revision is on its way
PART = 8  # one of so many parts of what waits is written at a time where a revision comes first

Row = TypeVar("Row", StatusRow, ProgressRow)


class Ledger:
    """Nothing waits for it: evidence that cannot be stored now is kept, and stored later."""

    def __init__(self, repository: Repository, clock: Callable[[], float]) -> None:
        self.trouble = ""  # why the last write failed; "" while all is well
        self.due = 0.0  # when to write again after a failure, by the clock
        self._repository = repository
        self._clock = clock
        self._states: dict[tuple[str, str], StatusRow] = {}  # as the store has them
        self._status = Status()  # that they are of
        self._progress: dict[tuple[int, str], ProgressRow] = {}  # not stored yet
        self._left: list[tuple[int, Map[Device, Progress]]] = []  # of revisions, not noted yet
        self._noted: Map[Device, Progress] = Map()  # of the last revision of which some is
        self._current = 0  # that revision
        self._reached: dict[int, float] = {}  # not stored yet
        self._last: tuple[int, float] | None = None  # the last revision that was reached
        self._delay = 0.0
        self._written_at = clock()  # when everything was stored, or first had to wait
        self._busy_until = 0.0  # a revision is on its way to devices, or was until just now

    def recall(self, states: Iterable[StatusRow], progress: Iterable[ProgressRow]) -> None:
        """Take note of what the store has, so that it is not written again."""
        self._states = {(row.device, row.type): row for row in states}
        known = list(progress)
        self._noted = Map({device_named(row.device): row.progress for row in known})
        self._current = max((row.revision for row in known), default=0)

    def reached(self, revision: int, seconds: float) -> None:
        """Take note that every connected device runs a revision."""
        self._reached[revision] = seconds
        self._last = (revision, seconds)

    def complete(self, revision: Revision) -> Revision:
        """Return a stored revision with what is known of it and perhaps not stored yet."""
        if revision.acked_after is None and self._last and self._last[0] == revision.number:
            return replace(revision, acked_after=self._last[1])
        return revision

    @property
    def resting(self) -> bool:
        """Whether a revision was on its way until just now: one change often follows another."""
        return self._clock() < self._busy_until

    def note(self, state: State) -> None:
        """Take note of a revision's progress; called before the next one replaces it."""
        self._busy_until = self._clock() + REST
        self._left.append((state.revision, state.progress))

    def waiting(self, revision: int) -> dict[str, ProgressRow]:
        """Return, by device, the progress of an earlier revision that is not stored yet."""
        self._note_all()
        return {row.device: row for row in self._progress.values() if row.revision == revision}

    def _note_all(self) -> None:
        self._note_oldest(len(self._left))

    def _note_oldest(self, count: int) -> None:
        oldest, self._left = self._left[:count], self._left[count:]
        for revision, progress in oldest:
            self._note(revision, progress)

    def _note(self, number: int, progress: Map[Device, Progress]) -> None:
        noted = self._noted if number == self._current else Map()
        for device, kept in progress.items() if progress is not noted else ():
            before = noted.get(device)
            if before is not kept and before != kept:
                name = str(device)
                self._progress[number, name] = ProgressRow(number, name, kept)
        self._noted, self._current = progress, number

    async def tick(self, state: State) -> None:
        """Write what is new, unless a write has failed and its time has not come again.

        Nor while a revision is on its way or has just come, if nothing has waited for long; what
        has is written a part at a time then, and all of it when it has waited for twice as long.
        """
        if not state.acked:
            self._busy_until = self._clock() + REST
        if self._clock() < self.due or self._gives_way():
            return
        latest = min(self._busy_until, self._written_at + 2 * PATIENCE)
        await self._store(state, whole=self._clock() >= latest)

    async def _store(self, state: State, whole: bool) -> None:
        """Write what is new, or a part of what waits where that is much."""
        if whole or (not self._left and len(self._progress) <= AT_ONCE):
            self._left.append((state.revision, state.progress))
        self._note_oldest(len(self._left) if whole else _part(len(self._left)))
        little = not self._left and len(self._progress) <= AT_ONCE
        try:
            await (self._write(state) if whole or little else self._write_part())
        except StoreError as error:
            self._delay = min(LONGEST_DELAY, 2 * self._delay or FIRST_DELAY)
            self.due = self._clock() + self._delay
            if not self.trouble:
                _log.error("evidence is not stored", reason=str(error))
            self.trouble = str(error)
        else:
            if self.trouble:
                _log.info("evidence is stored again")
            self.trouble, self._delay, self.due = "", 0.0, 0.0

    async def close(self, state: State) -> None:
        """Write what is new for the last time; what cannot be stored then is lost, and logged."""
        self.due, self._written_at = 0.0, -PATIENCE
        await self._store(state, whole=True)

    def _gives_way(self) -> bool:
        return self._clock() < min(self._busy_until, self._written_at + PATIENCE)

    async def _write_part(self) -> None:
        """Write a part of what is known of earlier revisions."""
        await self._write_reached()
        count = max(AT_ONCE, _part(len(self._progress)))
        await self._write_progress(list(islice(self._progress.values(), count)))

    async def _write(self, state: State) -> None:
        await self._write_reached()
        rows = rows_of(state.status, self._status)
        fresh = [row for row in rows if self._states.get((row.device, row.type)) != row]
        async for states in _parts(fresh, self._repository.save_status):
            self._states.update({(row.device, row.type): row for row in states})
            if self._gives_way():
                return
        self._status = state.status
        if await self._write_progress([self._progress[key] for key in sorted(self._progress)]):
            self._written_at = self._clock()

    async def _write_reached(self) -> None:
        for revision, seconds in sorted(self._reached.items()):
            await self._repository.acknowledged(revision, seconds)
            del self._reached[revision]

    async def _write_progress(self, waiting: Sequence[ProgressRow]) -> bool:
        """Write rows that wait, and return whether nothing came first meanwhile."""
        async for steps in _parts(waiting, self._repository.save_progress):
            for row in steps:
                if self._progress.get((row.revision, row.device)) is row:
                    del self._progress[row.revision, row.device]
            if self._gives_way():
                return False
        return True


def _part(waiting: int) -> int:
    return -(-waiting // PART)


async def _parts(
    rows: Sequence[Row], save: Callable[[Sequence[Row]], Awaitable[None]]
) -> AsyncIterator[Sequence[Row]]:
    """Save rows, a few hundred in a transaction, and yield them as they are stored."""
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        await save(part)
        yield part

"""What devices said, written down behind the events; a database that fails is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

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
        self._noted: Map[Device, Progress] = Map()  # of the current revision
        self._current = 0  # that revision
        self._reached: dict[int, float] = {}  # not stored yet
        self._last: tuple[int, float] | None = None  # the last revision that was reached
        self._delay = 0.0

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

    def note(self, state: State) -> None:
        """Take note of a revision's progress; called before the next one replaces it."""
        number, noted = state.revision, self._noted
        if number != self._current:
            noted = Map()
        for device, kept in state.progress.items() if state.progress is not noted else ():
            if noted.get(device) is not kept and noted.get(device) != kept:
                self._progress[number, str(device)] = ProgressRow(number, str(device), kept)
        self._noted, self._current = state.progress, number

    async def tick(self, state: State) -> None:
        """Write what is new, unless a write has failed and its time has not come again."""
        self.note(state)
        if self._clock() < self.due:
            return
        try:
            await self._write(state)
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
        self.due = 0.0
        await self.tick(state)

    async def _write(self, state: State) -> None:
        for revision, seconds in sorted(self._reached.items()):
            await self._repository.acknowledged(revision, seconds)
            del self._reached[revision]
        rows = rows_of(state.status, self._status)
        if fresh := [row for row in rows if self._states.get((row.device, row.type)) != row]:
            await self._repository.save_status(fresh)
            self._states.update({(row.device, row.type): row for row in fresh})
        self._status = state.status
        if waiting := dict(self._progress):
            await self._repository.save_progress([waiting[key] for key in sorted(waiting)])
            for key, row in waiting.items():
                if self._progress.get(key) == row:
                    del self._progress[key]

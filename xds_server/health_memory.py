"""What checkers found is kept over a restart, until they have had the time to say it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from xds_server.protocols.reports.health import BAD, Checked
from xds_server.protocols.reports.health_table import HealthTable
from xds_server.southbound.grpc_hds import HOLD_SECONDS
from xds_server.store.found_health import load_health, save_health

_log = structlog.get_logger("fsdn.health")
LOOK_SECONDS = 0.5


@dataclass(slots=True)
class HealthMemory:
    """Writes down which endpoints a table takes for unhealthy, and reads it at the start."""

    state: Path
    table: HealthTable
    clock: Callable[[], float]
    hold: float = HOLD_SECONDS  # for which the findings of a checker that does not come back count
    saved: frozenset[Checked] = frozenset()

    def recall(self) -> None:
        """Take what was found before the start, of what is still to be checked."""
        try:
            rows = load_health(self.state)
        except (OSError, ValueError) as error:
            _log.warning("what checkers found is forgotten", reason=str(error))
            return
        self.table.recall(rows, self.clock())
        if self.table.unhealthy:
            _log.info("unhealthy before the start", endpoints=len(self.table.unhealthy))

    async def keep(self) -> None:
        """Write down what changes, until cancelled."""
        began = self.clock()
        absent = {node for node, _, _ in self.table.rows()}
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if absent and self.clock() - began >= self.hold:
                for node in absent:
                    self.table.forget(node, began, self.clock())
                absent = set()
            if self.table.unhealthy != self.saved:
                await self._save()

    async def _save(self) -> None:
        unhealthy = self.table.unhealthy
        rows = [row for row in self.table.rows() if row[2] in BAD]
        try:
            await asyncio.to_thread(save_health, self.state, rows)
        except OSError as error:
            _log.warning("what checkers found cannot be kept", reason=str(error))
        self.saved = unhealthy

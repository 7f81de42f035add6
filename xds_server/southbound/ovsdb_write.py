"""What is missing in the databases of bridges, written: one transaction a bridge at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.protocols.ovsdb.operations import Operation
from xds_server.southbound.ovsdb_session import OvsdbError, OvsdbSession

Operations = tuple[Operation, ...]
_ATTEMPTS = 3  # transactions in a row, after which somebody must be undoing them
_PATIENCE = 10.0  # seconds for one transaction


class Writer:
    """Keeps one side of every bridge's database as it should be.

    ``missing`` says what a bridge lacks, by its host's name; ``warn`` hears what went wrong, ""
    when mended, and ``failed`` is how that begins.
    """

    def __init__(
        self,
        missing: Callable[[OvsdbSession, Bridge, str], Operations],
        warn: Callable[[str, str], None],
        failed: str,
    ) -> None:
        self._missing = missing
        self._warn = warn
        self._failed = failed
        self._running: dict[int, asyncio.Task[None]] = {}
        self._refused: dict[int, Operations] = {}  # not to be tried again as they are

    def described(self, session: OvsdbSession, bridge: Bridge, host: str) -> None:
        """See to it that a bridge has what it should."""
        number = bridge.datapath_id
        operations = self._missing(session, bridge, host)
        if number in self._running or operations == self._refused.get(number, ()):
            return
        task = asyncio.create_task(self._write(session, number, host), name=f"write {host}")
        self._running[number] = task
        task.add_done_callback(lambda _: self._running.pop(number, None))

    def stop(self) -> None:
        """Give up what is under way."""
        for task in self._running.values():
            task.cancel()

    async def _write(self, session: OvsdbSession, number: int, host: str) -> None:
        """Write what is missing, look at what the database then says, and again if it must be."""
        for _ in range(_ATTEMPTS):
            known = {bridge.datapath_id: bridge for bridge in session.connection.bridges}
            if number not in known or session.connection.over:
                return
            operations = self._missing(session, known[number], host)
            if not operations:
                self._refused.pop(number, None)
                self._warn(host, "")
                return
            try:
                await session.transact(operations, _PATIENCE)
            except (OvsdbError, TimeoutError) as error:
                text = str(error) or f"no answer within {_PATIENCE:g} s"
                self._give_up(number, host, operations, f"its database refuses: {text}")
                return
            await asyncio.sleep(0)
        text = "somebody undoes what was set; look for another controller or a script"
        self._give_up(number, host, operations, text)

    def _give_up(self, number: int, host: str, operations: Operations, reason: str) -> None:
        self._refused[number] = operations
        self._warn(host, f"{self._failed}: {reason}")

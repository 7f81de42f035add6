"""Sorts a host's packets into the queues of its ports, where its bridges do not themselves."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from xds_server.agent.client import delay
from xds_server.protocols.ovsdb.classes import (
    Sorted,
    lengths,
    notes,
    ruleset,
    sorted_ports,
)
from xds_server.protocols.ovsdb.connection import Settings
from xds_server.southbound.ovsdb_dial import Remote, dial
from xds_server.southbound.ovsdb_session import OvsdbError, OvsdbSession
from xds_server.southbound.standard_input import standard_input

LOOK = 60.0  # seconds between looks without news
_PATIENCE = 10.0  # seconds for one transaction, and for one program
_TRIES = 3
_ROOM = Path("/proc/sys/net/core/wmem_default")

log = structlog.get_logger()


@dataclass(slots=True)
class Sorter:
    """Follows the vswitch's database, and has nft and tc load what its queues need.

    What was loaded stays when it ends: queues outlive it.
    """

    directory: Path  # the vswitch's run directory
    rng: random.Random = field(default_factory=random.Random)
    _session: OvsdbSession | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _loaded: tuple[Sorted, ...] | None = None
    _told: str = ""

    async def run(self) -> None:
        """Follow until cancelled."""
        remote = Remote("unix", str(self.directory / "db.sock"))
        make = partial(OvsdbSession, self, Settings(), time.monotonic)
        async with asyncio.TaskGroup() as group:
            group.create_task(dial(remote, make, None, self._say))
            group.create_task(self._follow())

    def joined(self, session: OvsdbSession) -> None:
        """Take the database's session."""
        self._session = session

    def described(self, session: OvsdbSession) -> None:
        """Look at what is new."""
        del session
        self._news.set()

    def left(self, session: OvsdbSession) -> None:
        """Wait for another session."""
        if self._session is session:
            self._session = None

    async def _follow(self) -> None:
        """Look whenever there is news, and from time to time whether all is as it was."""
        failures = 0
        while True:
            try:
                await asyncio.wait_for(self._news.wait(), LOOK)
            except TimeoutError:
                if self._loaded:  # what nobody asked for need not be taken away again
                    self._loaded = None
            self._news.clear()
            if trouble := await self._sorted(failures):
                self._say(f"packets are not sorted into queues: {trouble}")
                await asyncio.sleep(delay(failures, self.rng))
                failures += 1
                self._news.set()
            else:
                failures = 0

    async def _sorted(self, failures: int) -> str:
        """Load and note what the database asks for; return what went wrong.

        A queue may be younger than its class: trouble is noted once it lasts.
        """
        session = self._session
        if session is None or not session.connection.bridges:
            return ""
        ports = sorted_ports(session.connection.bridges)
        trouble = await self._load(ports)
        noted = ports if not trouble or failures >= _TRIES else ()
        operations = [one for port in noted for one in notes(port, trouble)]
        try:
            if operations:
                await session.transact(operations, _PATIENCE)
        except (OvsdbError, TimeoutError) as error:
            trouble = trouble or str(error) or "the database does not answer"
        return trouble

    async def _load(self, ports: tuple[Sorted, ...]) -> str:
        """Have everything loaded that is new; return why it could not be."""
        if ports == self._loaded:
            return ""
        trouble = await _run(("nft", "-f", "-"), ruleset(ports))
        if not ports:  # there is nothing to sort, and there may be nothing to sort with
            trouble = ""
        elif not trouble:
            room = int(_ROOM.read_text())
            trouble = await _run(("tc", "-batch", "-"), lengths(ports, room))
        self._loaded = None if trouble else ports
        return trouble

    def _say(self, text: str) -> None:
        if text and text != self._told:
            log.warning("no queues", reason=text)
        self._told = text


async def _run(command: tuple[str, ...], text: str) -> str:
    """Have a program read a text; return its complaint, or an empty text."""
    pipe = asyncio.subprocess.PIPE
    try:
        with standard_input(text) as given:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=given, stdout=pipe, stderr=pipe
            )
    except FileNotFoundError:
        return f"{command[0]} is not installed"
    try:
        _, said = await asyncio.wait_for(process.communicate(), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"{command[0]} did not end within {_PATIENCE:g} s"
    lines = said.decode(errors="replace").strip().splitlines()
    return (lines[0] if lines else f"{command[0]} failed") if process.returncode else ""

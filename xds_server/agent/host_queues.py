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
from xds_server.protocols.ovsdb.classes import Sorted, notes, ruleset, sorted_ports
from xds_server.protocols.ovsdb.connection import Settings
from xds_server.southbound.ovsdb_dial import Remote, dial
from xds_server.southbound.ovsdb_session import OvsdbError, OvsdbSession

_PATIENCE = 10.0  # seconds for one transaction, and for nft

log = structlog.get_logger()


@dataclass(slots=True)
class Sorter:
    """Follows the vswitch's database, and has nft load what its queues need.

    What was loaded stays when it ends: queues outlive it.
    """

    directory: Path  # the vswitch's run directory
    rng: random.Random = field(default_factory=random.Random)
    _session: OvsdbSession | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _loaded: str | None = None
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
        failures = 0
        while True:
            await self._news.wait()
            self._news.clear()
            if trouble := await self._sorted():
                self._say(f"packets are not sorted into queues: {trouble}")
                await asyncio.sleep(delay(failures, self.rng))
                failures += 1
                self._news.set()
            else:
                failures = 0

    async def _sorted(self) -> str:
        """Load and note what the database asks for; return what went wrong."""
        session = self._session
        if session is None:
            return ""
        ports = sorted_ports(session.connection.bridges)
        trouble = await self._load(ports)
        operations = [one for port in ports for one in notes(port, trouble)]
        try:
            if operations:
                await session.transact(operations, _PATIENCE)
        except (OvsdbError, TimeoutError) as error:
            trouble = trouble or str(error) or "the database does not answer"
        return trouble

    async def _load(self, ports: tuple[Sorted, ...]) -> str:
        """Have the rules loaded, unless these are; return why they could not be."""
        text = ruleset(ports)
        numbers = "".join(f"# {port.device} {port.ofport}\n" for port in ports)  # a device is new
        if numbers + text == self._loaded or (self._loaded is None and not ports):
            return ""
        trouble = await nft(text)
        self._loaded = self._loaded if trouble else numbers + text
        return trouble

    def _say(self, text: str) -> None:
        if text and text != self._told:
            log.warning("no queues", reason=text)
        self._told = text


async def nft(text: str) -> str:
    """Have nft load rules, all or none; return its complaint, or an empty text."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            "nft", "-f", "-", stdin=pipe, stdout=pipe, stderr=pipe
        )
    except FileNotFoundError:
        return "nft is not installed: install the package nftables"
    try:
        _, said = await asyncio.wait_for(process.communicate(text.encode()), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"nft did not end within {_PATIENCE:g} s"
    lines = said.decode(errors="replace").strip().splitlines()
    return (lines[0] if lines else "nft failed") if process.returncode else ""

"""The host's connections, read from its vswitch and told to the server whenever it asks."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from xds_server.agent.client import AgentClient, ServerAwayError, delay
from xds_server.agent.host_trace import traced
from xds_server.protocols.unixctl.calls import UnixctlError
from xds_server.protocols.unixctl.conntrack import Connection, Dump, connections
from xds_server.southbound.unixctl import RUN, call, vswitchd_socket

POLL = 25.0  # seconds that one question is waited for
LOOK = 5.0  # seconds between looks at the connections, which tell their ages
_SHARE = 20  # a look that takes long is repeated after so many times as long
_PATIENCE = 20.0  # seconds for the vswitch's answer
MOST = 20_000  # connections in one answer

log = structlog.get_logger()


@dataclass(slots=True)
class Tracked:
    """What a vswitch tracks, and since when each connection has been seen.

    ``since`` is None for what was there at the first look.
    """

    directory: Path = RUN
    clock: Callable[[], float] = time.monotonic
    _since: dict[tuple[object, ...], float | None] = field(default_factory=dict)
    _looked: bool = False

    async def look(self) -> Dump:
        """Read the connections; raises UnixctlError where the vswitch cannot be asked."""
        path = vswitchd_socket(self.directory)
        text = await call(path, "dpctl/dump-conntrack", "-m", "-s", timeout=_PATIENCE)
        found = await asyncio.to_thread(connections, text)
        now = self.clock() if self._looked else None
        self._since = {
            one.key: self._since.get(one.key, now) if one.key in self._since else now
            for one in found.connections
        }
        self._looked = True
        return found

    def age(self, one: Connection) -> float | None:
        """Return for how many seconds a connection has been seen; None: since before we looked."""
        since = self._since.get(one.key)
        return None if since is None else self.clock() - since


@dataclass(slots=True)
class Teller:
    """Waits for the server's questions about one host, and answers them."""

    host: str
    client: AgentClient
    tracked: Tracked
    rng: random.Random = field(default_factory=random.Random)

    async def run(self) -> None:
        """Answer until cancelled; an absent server is asked ever more slowly."""
        failures, told = 0, ""
        while True:
            try:
                asked = await self.client.question(self.host, POLL)
                if asked is not None:
                    await self.client.answer(self.host, await self.answer(asked))
                failures, told = 0, ""
            except ServerAwayError as error:
                if str(error) != told:
                    log.warning("waiting", reason=str(error))
                    told = str(error)
                await asyncio.sleep(delay(failures, self.rng))
                failures += 1

    async def watch(self) -> None:
        """Look at the connections from time to time until cancelled."""
        told = ""
        while True:
            began = self.tracked.clock()
            try:
                await self.tracked.look()
                told = ""
            except UnixctlError as error:
                if str(error) != told:
                    log.warning("no sessions", reason=str(error))
                    told = str(error)
            await asyncio.sleep(max(LOOK, _SHARE * (self.tracked.clock() - began)))

    async def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a question, or why there is none."""
        number, ask = asked.get("number", 0), asked.get("ask")
        try:
            if ask == "sessions":
                told = await self._sessions(set(asked.get("zones", ())))
            elif ask == "trace":
                told = {"text": await traced(self.tracked.directory, asked)}
            else:
                told = {"error": f"it does not know how to tell {ask!r}, update it"}
        except UnixctlError as error:
            told = {"error": str(error)}
        return {"number": number, **told}

    async def _sessions(self, zones: set[int]) -> dict[str, Any]:
        found = await self.tracked.look()
        known = [one for one in found.connections if one.zone in zones and one.mark]
        rows = [row(one, self.tracked.age(one)) for one in known[:MOST]]
        return {"rows": rows, "left_off": len(known) - len(rows), "unread": found.unread}


def row(one: Connection, age: float | None) -> dict[str, Any]:
    """Return a connection as the server reads it."""
    ways = (one.original, one.reply)
    counted = [way for way in ways if way.packets is not None]
    return {
        "protocol": one.protocol,
        "source": str(one.original.source),
        "source_port": one.original.source_port,
        "destination": str(one.original.destination),
        "destination_port": one.original.destination_port,
        "server": str(one.reply.source),
        "server_port": one.reply.source_port,
        "zone": one.zone,
        "mark": one.mark,
        "label": f"{one.label:x}",
        "state": one.state,
        "age": age,
        "packets": sum(way.packets or 0 for way in counted) if counted else None,
        "bytes": sum(way.bytes or 0 for way in counted) if counted else None,
    }

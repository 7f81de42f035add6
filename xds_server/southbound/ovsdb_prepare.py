"""Declared bridges set up through their databases, where the operator has asked for that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.protocols.ovsdb.preparing import Operation, Wanted, preparation
from xds_server.southbound.ovsdb_session import OvsdbError, OvsdbSession

_ATTEMPTS = 3  # transactions in a row, after which somebody must be undoing them
_PATIENCE = 10.0  # seconds for one transaction
_WILDCARDS = ("0.0.0.0", "::", "")


@dataclass(frozen=True, slots=True)
class Advertised:
    """Where bridges are told to connect by OpenFlow."""

    host: str  # as we listen; a wildcard stands for the address at which a database reaches us
    port: int
    tls: bool = False
    target: str = ""  # the whole, as given by the operator; it wins

    def to(self, session: OvsdbSession) -> str:
        """Return the controller target for the bridges of a session."""
        if self.target:
            return self.target
        host = self.host
        if host in _WILDCARDS:
            host = session.local_address or "127.0.0.1"
        place = f"[{host}]" if ":" in host else host
        return f"{'ssl' if self.tls else 'tcp'}:{place}:{self.port}"


class Preparer:
    """Runs one transaction a bridge at a time; ``warn`` hears what went wrong, "" when mended."""

    def __init__(
        self, advertised: Advertised, warn: Callable[[str, str], None], tunnel_type: str
    ) -> None:
        self.tunnels: Mapping[str, str] = {}  # by host: the interface that is to be its tunnel
        self._advertised = advertised
        self._warn = warn
        self._kind = tunnel_type
        self._running: dict[int, asyncio.Task[None]] = {}
        self._refused: dict[int, tuple[Operation, ...]] = {}  # not to be tried again as they are

    def described(self, session: OvsdbSession, bridge: Bridge, host: str) -> None:
        """See to it that a bridge is set up."""
        number = bridge.datapath_id
        operations = self._missing(session, bridge, host)
        if number in self._running or operations == self._refused.get(number, ()):
            return
        task = asyncio.create_task(self._prepare(session, number, host), name=f"prepare {host}")
        self._running[number] = task
        task.add_done_callback(lambda _: self._running.pop(number, None))

    def stop(self) -> None:
        """Give up what is under way."""
        for task in self._running.values():
            task.cancel()

    def _missing(self, session: OvsdbSession, bridge: Bridge, host: str) -> tuple[Operation, ...]:
        tunnel = self.tunnels.get(host, "")
        return preparation(bridge, Wanted(self._advertised.to(session), tunnel, self._kind))

    async def _prepare(self, session: OvsdbSession, number: int, host: str) -> None:
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

    def _give_up(
        self, number: int, host: str, operations: tuple[Operation, ...], reason: str
    ) -> None:
        self._refused[number] = operations
        self._warn(host, f"the bridge could not be set up: {reason}")

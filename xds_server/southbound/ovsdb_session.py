"""One database server's socket: bytes to the OVSDB machine, and its effects back out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, cast

from xds_server.protocols.ovsdb.connection import (
    Answered,
    Close,
    Described,
    Effect,
    OvsdbConnection,
    Send,
    Settings,
)
from xds_server.southbound.openflow_listen import address_of

_LARGEST_BACKLOG = 4 * 1024 * 1024  # bytes waiting for a server that does not read


class OvsdbError(Exception):
    """The database refused a transaction, or no session with it exists."""


class Surroundings(Protocol):
    """Whom a session tells."""

    def joined(self, session: OvsdbSession) -> None:
        """A peer has connected."""

    def described(self, session: OvsdbSession) -> None:
        """The session's ``bridges`` have changed."""

    def left(self, session: OvsdbSession) -> None:
        """The connection is gone."""


class OvsdbSession(asyncio.Protocol):
    """Performs what its ``connection`` asks for."""

    def __init__(
        self, around: Surroundings, settings: Settings, clock: Callable[[], float]
    ) -> None:
        self.connection = OvsdbConnection(settings, clock())
        self.address = ""
        self.local_address = ""  # of ours, at which the database server reaches us
        self.ended = asyncio.Event()
        self.reason = "the database server closed the connection"
        self._around = around
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._requests = 0
        self._waiting: dict[int, asyncio.Future[Answered]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to watch."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not derived from it
        self.address = address_of(transport)
        here = transport.get_extra_info("sockname")
        self.local_address = here[0] if isinstance(here, tuple) else ""
        self._around.joined(self)
        self._perform(self.connection.open())

    def data_received(self, data: bytes) -> None:
        """Feed the machine."""
        self._perform(self.connection.receive(data, self._clock()))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what still waits, and tell."""
        self.connection.over = True
        self.reason = str(exc or self.reason)
        reason = f"the OVSDB session has ended: {self.reason}"
        for request, future in self._waiting.items():
            if not future.done():
                future.set_result(Answered(request, (), reason))
        self._around.left(self)
        self.ended.set()

    def tick(self) -> None:
        """Let time pass."""
        self._perform(self.connection.tick(self._clock()))

    async def transact(self, operations: Sequence[dict[str, Any]], timeout: float) -> list[Any]:
        """Return one result an operation; all of them hold, or none.

        Raises OvsdbError when the database refuses, TimeoutError when it does not answer.
        """
        self._requests += 1
        request = self._requests
        future = self._waiting[request] = asyncio.get_running_loop().create_future()
        try:
            self._perform(self.connection.transact(request, operations))
            answer = await asyncio.wait_for(future, timeout)
        finally:
            del self._waiting[request]
        if answer.error:
            raise OvsdbError(answer.error)
        return list(answer.results)

    def close(self, reason: str) -> None:
        """End the session at once; nothing that we send is worth waiting for."""
        self.reason, self.connection.over = reason, True
        if self._transport is not None:
            self._transport.abort()

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    self._send(effect.data)
                case Close():
                    self.close(effect.reason)
                case Described():
                    self._around.described(self)
                case Answered():
                    future = self._waiting.get(effect.request)
                    if future is not None and not future.done():
                        future.set_result(effect)

    def _send(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > _LARGEST_BACKLOG:
            self.close("the database server does not read")

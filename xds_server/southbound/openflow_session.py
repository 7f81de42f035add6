"""One bridge's socket: bytes to the session machine, and the machine's effects back out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from xds_server.protocols.openflow.codec import PacketIn
from xds_server.protocols.openflow.connection import Connection, Settings
from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.drift import Contents
from xds_server.protocols.openflow.effects import (
    Close,
    Counted,
    Effect,
    Identified,
    Inspected,
    Punted,
    Send,
)
from xds_server.snapshots.evidence import Evidence
from xds_server.southbound.openflow_listen import address_of


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer may cost us; durations are in seconds."""

    sessions: int = 4096
    strangers: int = 64  # sessions whose datapath id is not (yet) known to us
    stranger_buffer: int = 64 * 1024  # bytes waiting for a stranger that does not read
    buffer: int = 256 * 1024 * 1024  # the same for a bridge: a large program is 20 MB
    stall: float = 15.0  # no byte accepted for so long, while bytes wait
    linger: float = 3.0  # from our close to the end of a peer that does not take it


class Surroundings(Protocol):
    """Whom a session tells."""

    def joined(self, session: Session) -> None:
        """A peer has connected."""

    def identified(self, session: Session, datapath_id: int) -> None:
        """A peer has told its datapath id."""

    def left(self, session: Session) -> None:
        """The connection is gone."""

    def report(self, evidence: Evidence) -> None:
        """A device told us something."""

    def punted(self, session: Session, packet: PacketIn) -> None:
        """A flow sent us a packet."""


class Session(asyncio.Protocol):
    """Performs what its ``connection`` asks for; never waits, so that no peer holds up another."""

    def __init__(
        self, around: Surroundings, settings: Settings, limits: Limits, clock: Callable[[], float]
    ) -> None:
        self.connection = Connection(settings, clock())
        self.address = ""
        self.reason = ""  # why we have ended it
        self._around = around
        self._limits = limits
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._closing_since: float | None = None
        self._written = self._sent = 0
        self._moved = clock()  # when the peer last took bytes
        self._requests = 0
        self._asked: dict[int, asyncio.Future[Any]] = {}  # by the number of the request

    @property
    def closing(self) -> bool:
        """Whether we have ended the session; the peer may not know it yet."""
        return self._closing_since is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the peer, unless there are too many."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not derived from it
        self.address = address_of(transport)
        self._around.joined(self)
        if not self.closing:
            self.perform(self.connection.open())

    def data_received(self, data: bytes) -> None:
        """Feed the machine."""
        if not self.closing:
            self.perform(self.connection.receive(data, self._clock()))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the end, with the cause that is known best."""
        self._end(f"the connection broke: {exc}" if exc else "the bridge closed the connection")
        self._around.left(self)

    def tick(self) -> None:
        """Let time pass: the machine's deadlines, and those of a peer that does not read."""
        now = self._clock()
        if self._closing_since is not None:
            if now - self._closing_since > self._limits.linger:
                self.abort()
            return
        self.perform(self.connection.tick(now))
        sent = self._written - self._waiting()
        if sent > self._sent or not self._waiting():
            self._sent, self._moved = sent, now
        elif now - self._moved > self._limits.stall:
            self.close(f"the bridge has read nothing for {self._limits.stall:g} s")
            self.abort()

    def perform(self, effects: Iterable[Effect]) -> None:
        """Do what the machine asks for, in order."""
        for effect in effects:
            self._perform(effect)

    async def counters(self, timeout: float) -> Counters:
        """Return what the bridge counted; nothing when it refuses, or has gone.

        Raises TimeoutError when the bridge does not answer within ``timeout`` seconds.
        """
        found: Counters | None = await self._ask(self.connection.count, timeout)
        return found or Counters()

    async def contents(self, timeout: float) -> Contents | None:
        """Return all flows and groups of the bridge; None when it refuses, or has gone.

        Raises TimeoutError when the bridge does not answer within ``timeout`` seconds.
        """
        found: Contents | None = await self._ask(self.connection.inspect, timeout)
        return found

    async def _ask(self, ask: Callable[[int], list[Effect]], timeout: float) -> Any:
        self._requests += 1
        request = self._requests
        future = self._asked[request] = asyncio.get_running_loop().create_future()
        try:
            if self.closing or not (effects := ask(request)):
                return None
            self.perform(effects)
            return await asyncio.wait_for(future, timeout)
        finally:
            del self._asked[request]

    def _answer(self, request: int, answer: object) -> None:
        future = self._asked.get(request)
        if future is not None and not future.done():
            future.set_result(answer)

    def close(self, reason: str) -> None:
        """End the session; what was written before is still sent, for a moment."""
        if self._closing_since is None:
            self._closing_since, self.reason = self._clock(), reason
            self._end(reason)
            if self._transport is not None:
                self._transport.close()

    def abort(self) -> None:
        """Drop the connection at once, with everything that still waits to be sent."""
        if self._transport is not None:
            self._transport.abort()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send():
                self._send(effect.data)
            case Close():
                self.close(effect.reason)
            case Identified():
                self._around.identified(self, effect.datapath_id)
            case Counted():
                self._answer(effect.request, effect.counters)
            case Inspected():
                self._answer(effect.request, effect.contents)
            case Punted():
                self._around.punted(self, effect.packet)
            case _:
                self._around.report(effect)

    def _send(self, data: bytes) -> None:
        if self._transport is None or self._closing_since is not None:
            return
        self._transport.write(data)
        self._written += len(data)
        admitted = self.connection.device is not None
        limit = self._limits.buffer if admitted else self._limits.stranger_buffer
        if self._waiting() > limit:
            self.close(f"the bridge does not read: more than {limit} bytes wait for it")
            self.abort()

    def _waiting(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport else 0

    def _end(self, reason: str) -> None:
        for request in self._asked:
            self._answer(request, None)
        self.perform(self.connection.closed(reason, self._clock()))

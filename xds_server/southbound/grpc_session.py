"""One xDS stream over gRPC: a reader around the sans-IO stream, a write at a time, and a timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import grpc

from xds_server.protocols.xds.ads import XdsStream
from xds_server.protocols.xds.bucket import Bucket
from xds_server.protocols.xds.effects import Close, Effect, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.snapshots.evidence import Evidence
from xds_server.southbound.grpc_alarms import Alarm
from xds_server.southbound.grpc_terms import Gate, Terms
from xds_server.southbound.grpc_waves import Waves

_LAST_WRITE_SECONDS = 0.5  # for a client to take what is being written when its stream ends


class Session:
    """Performs the effects of one stream; it writes by itself, so that it slows no other.

    Thousands of these are at rest most of the time: then there is one coroutine that reads, and
    one alarm for all that may become overdue, which is set anew only when it must be earlier.
    """

    __slots__ = (
        "_broken",
        "_clock",
        "_context",
        "_ends_at",
        "_evidence",
        "_fleet",
        "_gate",
        "_lifetime",
        "_loop",
        "_outbox",
        "_pace",
        "_peer",
        "_refusal",
        "_task",
        "_waits",
        "_waves",
        "_writing",
        "_writing_ends",
        "alarm",
        "stream",
    )

    def __init__(
        self,
        stream: XdsStream,
        peer: Peer,
        fleet: Fleet,
        evidence: Callable[[Evidence], None],
        clock: Callable[[], float],
        waves: Waves | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.stream = stream
        self._peer = peer
        self._fleet = fleet
        self._evidence = evidence
        self._clock = clock
        self._waves = waves or Waves()
        self._gate = gate or Gate(Terms(), clock())
        self._pace = Bucket(self._gate.terms.requests, clock())
        self._outbox: tuple[Send, ...] = ()  # bounded: one response in flight a type
        self._writing: asyncio.Task[None] | None = None
        self._writing_ends = 0.0  # when it has taken too long
        self._refusal: Close | None = None
        self.alarm: Alarm | None = None
        self._broken: BaseException | None = None  # what broke a write
        self._waits = False  # whether the reader waits, so that it must be woken to end
        self._lifetime = self._gate.terms.hello  # until the client has said who it is
        self._ends_at = 0.0

    async def run(self, context: Any) -> Close:
        """Serve until the client leaves, breaks a rule, or ``end``; return why it ended."""
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._ends_at = self._loop.time() + self._lifetime
        self._set_alarm()
        read = context.read
        try:
            while self._refusal is None:
                self._waits = True
                data = await read()
                if data is grpc.aio.EOF:
                    break
                delay = self._early(self._clock())
                if delay > 0:  # until then nothing more is read
                    await asyncio.sleep(delay)
                self._waits = False
                self._receive(data)
        except asyncio.CancelledError:
            if self._refusal is None or self._task is None or self._task.uncancel():
                raise  # it is not we who ended it
        finally:
            self._leave()
            await self._end_write()
        if self._broken is not None:
            raise self._broken
        return self._refusal or Close("OK", "")

    def end(self, why: Close) -> None:
        """End the stream with this status; the first reason counts."""
        if self._refusal is not None:
            return
        self._refusal = why
        if self._waits and self._task is not None:
            self._task.cancel()

    def perform(self, effects: list[Effect]) -> None:
        """Send what is to be sent, hand on evidence, and see to the alarm."""
        for effect in effects:
            if isinstance(effect, Send):
                if self._writing is None:
                    self._write(effect)
                else:
                    self._outbox += (effect,)
            elif isinstance(effect, Close):
                self.end(effect)
            else:
                self._evidence(effect)
        self._set_alarm()

    def _early(self, now: float) -> float:
        """Return by how many seconds a request comes before its turn."""
        delay = self._pace.take(now)
        return delay if self.stream.node is not None else max(delay, self._gate.first.take(now))

    def _receive(self, data: bytes) -> None:
        known = self.stream.node is not None
        self.perform(self._fleet.receive(self.stream, self._peer, data, self._clock()))
        if not known and self.stream.node is not None:
            self._settle_down()

    def _settle_down(self) -> None:
        """The client has said who it is: from now on only its age bounds the stream."""
        self._lifetime = self._gate.terms.lifetime()
        self._ends_at = self._loop.time() + self._lifetime
        self._set_alarm()

    def _write(self, response: Send) -> None:
        self._writing = self._loop.create_task(self._waves.write(self._context, response))
        self._writing_ends = self._loop.time() + self._gate.terms.stall
        self._writing.add_done_callback(self._written)

    def _written(self, writing: asyncio.Task[None]) -> None:
        if writing.cancelled():
            return
        error = writing.exception()
        if error is not None:
            self._broken = error if self._refusal is None else None
            self.end(Close("UNAVAILABLE", f"a response could not be written: {error}"))
        elif self._outbox:
            first, *rest = self._outbox
            self._outbox = tuple(rest)
            self._write(first)
        else:
            self._writing = None

    async def _end_write(self) -> None:
        """Let the client take the response in hand: a call whose write is cut off never ends."""
        if self._writing is not None and not self._writing.done():
            await asyncio.wait([self._writing], timeout=_LAST_WRITE_SECONDS)
        if self._writing is not None:
            self._writing.cancel()

    def _set_alarm(self) -> None:
        at = self._ends_at
        if self._writing is not None:
            at = min(at, self._writing_ends)
        now = self._clock()
        wake = self.stream.wakes_at(now)
        if wake is not None:
            at = min(at, self._loop.time() + max(wake - now, 0.0))
        self._gate.alarms.wake(self, at)

    def ring(self) -> None:
        """Let time pass: end what is overdue, and see to what else is due."""
        why = self._overdue(self._loop.time())
        if why is not None:
            self.end(why)
        elif self.stream.node is None:
            self._set_alarm()
        else:
            self.perform(self.stream.tick(self._clock()))

    def _overdue(self, now: float) -> Close | None:
        if now >= self._ends_at and self.stream.node is None:
            text = f"no request within {self._lifetime:g} s of opening the stream"
            return Close("DEADLINE_EXCEEDED", text)
        if now >= self._ends_at:
            text = f"the stream is {self._lifetime:.0f} s old: connect again, to any server"
            return Close("UNAVAILABLE", text)
        if self._writing is not None and now >= self._writing_ends:
            text = f"a response was not taken within {self._gate.terms.stall:g} s"
            return Close("DEADLINE_EXCEEDED", text)
        return None

    def _leave(self) -> None:
        self._waits = False
        self._outbox = ()
        self._gate.alarms.forget(self)
        reason = self._refusal.message if self._refusal else "the stream ended"
        for evidence in self._fleet.leave(self.stream, self._clock(), reason):
            self._evidence(evidence)

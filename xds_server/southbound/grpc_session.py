"""One xDS stream over gRPC: a reader, a writer and a timer around the sans-IO stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import grpc

from xds_server.protocols.xds.ads import XdsStream
from xds_server.protocols.xds.bucket import Bucket
from xds_server.protocols.xds.effects import Close, Effect, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.snapshots.evidence import Evidence
from xds_server.southbound.grpc_terms import Gate, Terms
from xds_server.southbound.grpc_waves import Waves

_LAST_WRITE_SECONDS = 0.5  # for a client to take what is being written when its stream ends


class Session:
    """Performs the effects of one stream; its own writer, so that it slows no other."""

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
        self._terms = self._gate.terms
        self._pace = Bucket(self._terms.requests, clock())
        self._outbox: deque[Send] = deque()  # bounded: one response in flight a type
        self._written = asyncio.Event()
        self._refusal: Close | None = None
        self._ending = False
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, context: Any, draining: asyncio.Event) -> Close:
        """Serve until the client leaves, breaks a rule, or we drain; return why it ended."""
        jobs = [
            asyncio.create_task(self._read(context)),
            asyncio.create_task(self._write(context)),
            asyncio.create_task(draining.wait()),
        ]
        try:
            lifetime = self._terms.lifetime()
            done, _ = await asyncio.wait(
                jobs, timeout=lifetime, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                text = f"the stream is {lifetime:.0f} s old: connect again, to any server"
                self._refusal = Close("UNAVAILABLE", text)
            for job in done:
                job.result()  # raises what broke the reader or the writer
        finally:
            self._leave()
            await self._end_writes(jobs[1])
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
        if self._refusal is not None:
            return self._refusal
        if draining.is_set():
            return Close("UNAVAILABLE", "the server is draining: connect again")
        return Close("OK", "")

    def perform(self, effects: list[Effect]) -> None:
        """Queue what is to be sent, hand on evidence, and set the timer anew."""
        for effect in effects:
            if isinstance(effect, Send):
                self._outbox.append(effect)
                self._written.set()
            elif isinstance(effect, Close):
                self._refusal = effect
            else:
                self._evidence(effect)
        self._set_timer()

    async def _read(self, context: Any) -> None:
        timeout: float | None = self._terms.hello
        while self._refusal is None:
            try:
                data = await asyncio.wait_for(context.read(), timeout)
            except TimeoutError:
                text = f"no request within {self._terms.hello:g} s of opening the stream"
                self._refusal = Close("DEADLINE_EXCEEDED", text)
                return
            if data is grpc.aio.EOF:
                return
            await self._turn()
            self.perform(self._fleet.receive(self.stream, self._peer, data, self._clock()))
            timeout = None if self.stream.node is not None else self._terms.hello

    async def _turn(self) -> None:
        """Wait until this request may be worked on; meanwhile nothing more is read."""
        now = self._clock()
        delay = self._pace.take(now)
        if self.stream.node is None:
            delay = max(delay, self._gate.first.take(now))
        if delay > 0:
            await asyncio.sleep(delay)

    async def _end_writes(self, writer: asyncio.Task[Any]) -> None:
        """Let the client take the response in hand: a call whose write is cut off never ends."""
        self._outbox.clear()
        self._ending = True
        self._written.set()
        await asyncio.wait([writer], timeout=_LAST_WRITE_SECONDS)

    async def _write(self, context: Any) -> None:
        while not self._ending:
            await self._written.wait()
            self._written.clear()
            while self._outbox:
                try:
                    async with asyncio.timeout(self._terms.stall):
                        await self._waves.write(context, self._outbox.popleft())
                except TimeoutError:
                    text = f"a response was not taken within {self._terms.stall:g} s"
                    self._refusal = Close("DEADLINE_EXCEEDED", text)
                    return

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        now = self._clock()
        wake = self.stream.wakes_at(now)
        if wake is None:
            self._timer = None
        else:
            delay = max(wake - now, 0.001)
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self.perform(self.stream.tick(self._clock()))

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        reason = self._refusal.message if self._refusal else "the stream ended"
        for evidence in self._fleet.leave(self.stream, self._clock(), reason):
            self._evidence(evidence)

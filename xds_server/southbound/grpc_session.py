"""One xDS stream over gRPC: a reader, a writer and a timer around the sans-IO stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import grpc

from xds_server.protocols.xds.ads import XdsStream
from xds_server.protocols.xds.effects import Close, Effect, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.snapshots.evidence import Evidence
from xds_server.southbound.grpc_waves import Waves

_HELLO_SECONDS = 30.0  # a client that opens a stream and says nothing is not waited for


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
    ) -> None:
        self.stream = stream
        self._peer = peer
        self._fleet = fleet
        self._evidence = evidence
        self._clock = clock
        self._waves = waves or Waves()
        self._outbox: deque[Send] = deque()  # bounded: one response in flight a type
        self._written = asyncio.Event()
        self._refusal: Close | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, context: Any, draining: asyncio.Event) -> Close:
        """Serve until the client leaves, breaks a rule, or we drain; return why it ended."""
        jobs = [
            asyncio.create_task(self._read(context)),
            asyncio.create_task(self._write(context)),
            asyncio.create_task(draining.wait()),
        ]
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()  # raises what broke the reader or the writer
        finally:
            self._leave()
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
        timeout: float | None = _HELLO_SECONDS
        while self._refusal is None:
            try:
                data = await asyncio.wait_for(context.read(), timeout)
            except TimeoutError:
                text = f"no request within {_HELLO_SECONDS:g} s of opening the stream"
                self._refusal = Close("DEADLINE_EXCEEDED", text)
                return
            if data is grpc.aio.EOF:
                return
            self.perform(self._fleet.receive(self.stream, self._peer, data, self._clock()))
            timeout = None if self.stream.node is not None else _HELLO_SECONDS

    async def _write(self, context: Any) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            while self._outbox:
                await self._waves.write(context, self._outbox.popleft())

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

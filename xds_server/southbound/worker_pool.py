"""The xDS port served by several worker processes: what the controller has in place of one server.

The controller alone writes: the workers are told what to serve, and tell what they hear.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable

import structlog

from xds_server.protocols.workers.catalogue import Catalogue
from xds_server.protocols.workers.checks import assign_of
from xds_server.protocols.workers.commands import Drain, Start
from xds_server.protocols.workers.feed import Feed
from xds_server.protocols.workers.news import Failed, Listening, News
from xds_server.snapshots.evidence import Evidence
from xds_server.snapshots.model import Snapshot
from xds_server.southbound.grpc_ads import AdsSettings, ListenError
from xds_server.southbound.grpc_services import Reports
from xds_server.southbound.worker_hearing import Hearing
from xds_server.southbound.worker_port import SharedPort
from xds_server.southbound.worker_process import WorkerProcess
from xds_server.southbound.worker_start import start_of

_log = structlog.get_logger("fsdn.worker")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0  # seconds before a worker that ended is started again
_STEADY = 10.0  # seconds after which a worker is taken to be well


class WorkerPool:
    """Keeps ``count`` workers running. Call everything on the event loop that it started on."""

    def __init__(
        self,
        settings: AdsSettings,
        count: int,
        on_evidence: Callable[[Evidence], None],
        clock: Callable[[], float],
        reports: Reports,
    ) -> None:
        self._settings = settings
        self._count = count
        self._clock = clock
        self._catalogue = Catalogue()
        self._workers: dict[int, WorkerProcess] = {}  # by a number that is never used again
        limits = (settings.limits.streams, settings.max_streams)
        self._hearing = Hearing(self._workers, *limits, on_evidence, reports)
        self._health = reports.health
        self._health.watch(self._assign)
        self._listening: set[int] = set()
        self._numbers = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._port: SharedPort | None = None
        self._ready: asyncio.Future[None] | None = None
        self.restarts = 0

    async def start(self) -> int:
        """Return the TCP port once every worker listens there. Raises ListenError."""
        if self._settings.port is None:
            raise ListenError("workers share a TCP port: give one, or serve without workers")
        self._port = SharedPort(self._settings.host, self._settings.port)
        offset = self._clock() - time.monotonic()
        start = start_of(self._settings, self._port.port, offset)
        self._ready = asyncio.get_running_loop().create_future()
        self._tasks = [asyncio.create_task(self._keep(start)) for _ in range(self._count)]
        try:
            await self._ready
        except BaseException:
            await self.stop(0.0)
            raise
        return self._port.port

    async def stop(self, grace: float = 5.0) -> None:
        """Let every worker send its clients elsewhere and end within ``grace`` s."""
        self._stopping.set()
        for worker in self._workers.values():
            worker.say(Drain(grace))
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace + 2.0)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._port is not None:
            self._port.close()

    def publish(self, node: str, snapshot: Snapshot) -> None:
        """Set what a node should run, at every worker."""
        self._changed(node, self._catalogue.publish(node, snapshot))

    def withdraw(self, node: str) -> None:
        """Forget what a node should run; it keeps what it has."""
        self._changed(node, self._catalogue.withdraw(node))

    @property
    def open_streams(self) -> int:
        """How many streams proxies have, at all workers."""
        return self._hearing.streams

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that take clients."""
        return tuple(self._workers[number].pid for number in sorted(self._listening))

    def _assign(self) -> None:
        """Tell every worker what nodes are to check from now on."""
        for worker in self._workers.values():
            worker.say(assign_of(self._health))

    def _changed(self, node: str, gone: list[int]) -> None:
        for worker in self._workers.values():
            worker.feed.changed(node, gone)
            worker.wake()

    async def _keep(self, start: Start) -> None:
        """Run one worker after the other in one place."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            why = await self._run(start)
            if self._stopping.is_set():
                return
            if time.monotonic() - began > _STEADY:
                pause = _FIRST_PAUSE
            _log.warning("worker ended", reason=why, restart_in=pause)
            self.restarts += 1
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _run(self, start: Start) -> str:
        number = next(self._numbers)

        def hear(news: News) -> None:
            self._heard(number, news)

        worker = self._workers[number] = WorkerProcess(Feed(self._catalogue), hear)
        worker.say(start)
        worker.say(assign_of(self._health))
        why = "it was ended"
        try:
            why = await worker.run()
        finally:
            del self._workers[number]
            self._listening.discard(number)
            self._hearing.lost(number, self._clock(), f"its worker is gone: {why}")
            self._failed(why)
        return f"process {worker.pid}: {why}"

    def _heard(self, number: int, news: News) -> None:
        match news:
            case Listening(unconfined=unconfined):
                self._listening.add(number)
                _log.info("worker listens", pid=self._workers[number].pid)
                if unconfined:
                    _log.warning("worker is not confined", reason=unconfined)
                self._complete()
            case Failed(why=why):
                self._failed(why)
                _log.error("worker cannot listen", reason=why)
            case _:
                self._hearing.heard(number, news)

    def _complete(self) -> None:
        if len(self._listening) < self._count or self._ready is None or self._ready.done():
            return
        self._ready.set_result(None)

    def _failed(self, why: str) -> None:
        """A worker that fails before all have listened once means that we cannot start."""
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(ListenError(f"a worker does not start: {why}"))

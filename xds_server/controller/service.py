"""The controller itself: takes changes one at a time, and performs what reconciliation returns."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import structlog

from translators.compiler.allocations import Allocations
from translators.diagnostics import Diagnostic
from translators.envoy.filters.access_log import Logged
from translators.policy.documents import Documents
from xds_server.controller.compile import (
    Candidate,
    Compiled,
    compared,
    compiled,
    load_files,
    nothing,
)
from xds_server.controller.counting import Counting
from xds_server.controller.cuts import Cuts
from xds_server.controller.drift import DriftWatch
from xds_server.controller.expiry import Expiry
from xds_server.controller.gates import Judge, check_by_envoy
from xds_server.controller.host_agents import HostAgents
from xds_server.controller.ledger import Ledger
from xds_server.controller.memory import remembered
from xds_server.controller.merge import merged, restore, without
from xds_server.controller.metering import Meter, Unmetered
from xds_server.controller.performing import Performer
from xds_server.controller.ports import Bridges, Databases, Proxies, Repository
from xds_server.controller.reconcile import reconcile
from xds_server.controller.state import (
    STAGE_SECONDS,
    Committed,
    Event,
    State,
    Tick,
)
from xds_server.controller.switches import Switches
from xds_server.controller.tracing import Tracer
from xds_server.controller.translations import Translations
from xds_server.controller.values import Outcome, Progress, ProgressRow, Revision, SourceFile
from xds_server.snapshots.evidence import Device, device_named

_log = structlog.get_logger("fsdn.controller")
TICK_SECONDS = 0.5


class Controller:
    """One per process. Methods that change something wait for each other; reads never wait."""

    def __init__(
        self,
        repository: Repository,
        proxies: Proxies,
        bridges: Bridges,
        databases: Databases,
        clock: Callable[[], float],  # seconds since the epoch
        meter: Meter | None = None,
        logged: Logged = Logged.DENIED,
    ) -> None:
        self.repository = repository
        self.ledger = Ledger(repository, clock)
        self.bridges = bridges
        self.state = State()
        self.holds = nothing()
        self._stored = self.holds.compilation.allocations  # the numbers in the repository
        self.judge: Judge | None = None  # of what proxies would be sent
        self.switches = Switches(self.feed, clock)
        self.drift = DriftWatch(lambda: self.state, bridges, databases, self.feed, clock)
        self.counting = Counting(lambda: self.state, bridges)
        self.databases = databases
        self.clock = clock
        self._meter = meter or Unmetered()
        self.compiler = partial(compiled, logged=logged)
        self.changing = asyncio.Lock()
        self.host_agents = HostAgents(clock)
        self.tracer = Tracer(self.host_agents)
        self.cuts = Cuts(bridges, lambda: self.state.plan, clock)
        self.expiry = Expiry(bridges, lambda: self.state.plan, clock)
        self._translations = Translations(self, self.feed, clock)
        self._performer = Performer(
            proxies, bridges, databases, self.ledger, self._meter, self._translations
        )
        self._news = asyncio.Event()
        self._closing = False
        self._events: deque[Event] = deque()

    async def start(self) -> None:
        """Load the last revision, compile it and publish it.

        Publishing is comparing: a device that runs the same versions is sent nothing.
        """
        head = await self.repository.head()
        rows = await self.repository.load_status()
        self.state = State(status=remembered(rows))
        progress = await self.repository.load_progress(head)
        self.ledger.recall(rows, progress)
        if head == 0:
            return
        revision = await self.repository.revision(head)
        objects = await self.repository.objects(head)
        given = Allocations.from_dict(await self.repository.allocations(head))
        self._stored = given
        self.holds = await asyncio.to_thread(
            lambda: self.compiler(restore(objects).values(), given, {})
        )
        self._adopt(revision, self.holds, {device_named(p.device): p.progress for p in progress})

    async def run(self) -> None:
        """Translate, tick, save, compare, count until cancelled; a bug in any ends the program."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._translations.run())
            group.create_task(self._tick())
            group.create_task(self.drift.run())
            group.create_task(self.counting.run())

    async def apply(
        self,
        files: Sequence[SourceFile],
        author: str,
        message: str,
        *,
        dry_run: bool = False,
        prune: bool = False,
        allow_shrink: bool = False,
    ) -> Outcome:
        """Merge files into the current objects, and publish the result unless ``dry_run``.

        Raises RefusedError with every finding if any is an error; nothing is stored then.
        """
        async with self.changing:

            def candidate() -> Candidate:
                given, found = load_files(files)
                new = self._again(merged(self.holds.text, given, prune), found)
                return compared(self.holds, new, allow_shrink)

            return await self._settle(candidate, author, message, dry_run)

    async def delete(
        self, keys: Iterable[str], author: str, message: str, *, dry_run: bool = False
    ) -> Outcome:
        """Remove objects by key; RefusedError if others still refer to them."""
        async with self.changing:
            documents = without(self.holds.text, keys)

            def candidate() -> Candidate:
                return compared(self.holds, self._again(documents))

            return await self._settle(candidate, author, message, dry_run)

    async def rollback(
        self, number: int, author: str, message: str, *, dry_run: bool = False
    ) -> Outcome:
        """Make the objects and numbers of an earlier revision hold again, as a new revision."""
        async with self.changing:
            await self.repository.revision(number)
            objects = await self.repository.objects(number)
            given = Allocations.from_dict(await self.repository.allocations(number))

            def candidate() -> Candidate:
                documents = restore(objects).values()
                new = self.compiler(documents, given, self.state.ports, before=self.holds)
                return compared(self.holds, new)

            return await self._settle(candidate, author, message, dry_run)

    async def progress(self, number: int) -> tuple[ProgressRow, ...]:
        """Return how far a revision came on each device, sorted by device."""
        if number != self.state.revision:
            kept = {row.device: row for row in await self.repository.load_progress(number)}
            kept |= self.ledger.waiting(number)
            return tuple(kept[device] for device in sorted(kept))
        known = sorted(self.state.progress.items())
        return tuple(ProgressRow(number, str(device), kept) for device, kept in known)

    def feed(self, event: Event) -> None:
        """Let one event take effect; called on the event loop's thread.

        Performing an effect may bring new evidence at once: it waits for its turn, so that what
        was decided first is also done first.
        """
        self._events.append(event)
        if len(self._events) > 1:
            return
        while self._events:
            self.state, effects = reconcile(self.state, self._events[0])
            for effect in effects:
                self._performer.perform(effect)
            self._events.popleft()
        self._news.set()

    @property
    def busy(self) -> bool:
        """Whether a change is being made or on its way to devices, or was until just now."""
        fresh = self.clock() < self.state.committed_at + STAGE_SECONDS
        on_its_way = self.changing.locked() or (fresh and not self.state.acked)
        return on_its_way or self.ledger.resting

    @property
    def backlog(self) -> int:
        """How many events and translations wait for their turn."""
        return len(self._events) + self._translations.waiting

    async def until(self, holds: Callable[[State], bool], timeout: float) -> bool:
        """Wait until the state satisfies a condition; return whether it did within the seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not holds(self.state) and not self._closing:
                    self._news.clear()  # whoever waits already was woken, and looks again
                    await self._news.wait()
        except TimeoutError:
            return holds(self.state)
        return holds(self.state)

    def close(self) -> None:
        """Answer at once whoever waits; called when the program is about to stop."""
        self._closing = True
        self.host_agents.close()
        self._news.set()

    def _again(self, documents: Documents, found: tuple[Diagnostic, ...] = ()) -> Compiled:
        """Compile other documents with the numbers that hold, and all that is as it was."""
        held = self.holds
        given, ports = held.compilation.allocations, self.state.ports
        return self.compiler(documents, given, ports, found, before=held)

    async def _settle(
        self, candidate: Callable[[], Candidate], author: str, message: str, dry_run: bool
    ) -> Outcome:
        found = await asyncio.to_thread(candidate)
        if self.judge is not None:
            await check_by_envoy(self.judge, self.holds.targets, found.compiled.targets)
        self._meter.compiled(found.compiled.took)
        number = self.state.revision
        stores = bool(found.changes) and not dry_run
        if stores:
            # A caller that goes away must not leave a revision stored and not published.
            number = await asyncio.shield(self._commit(found, author, message))
        told = await asyncio.to_thread(found.told)  # devices are on their way meanwhile
        return Outcome(number, stores, found.changes, *told)

    async def _commit(self, found: Candidate, author: str, message: str) -> int:
        numbers, at = found.compiled.compilation.allocations, self.clock()
        told = None if numbers == self._stored else numbers.to_dict()
        revision = await self.repository.commit(
            self.state.revision, author, message, at, found.changes, told
        )
        self._stored = numbers
        self._adopt(revision, found.compiled)  # devices first: to write a line takes its time
        _log.info("committed", revision=revision.number, author=author, changes=len(found.changes))
        return revision.number

    def _adopt(
        self,
        revision: Revision,
        holds: Compiled,
        progress: Mapping[Device, Progress] = MappingProxyType({}),
    ) -> None:
        self.ledger.note(self.state)
        self.holds = holds.after(self.holds)
        event = Committed(
            revision.number,
            holds.plan,
            holds.targets,
            holds.ports,
            self.clock(),
            acked=revision.acked_after is not None,
            since=revision.at,
            progress=progress,
        )
        self.feed(event)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.switches.expire()
            self.cuts.tick()
            self.feed(Tick(self.clock()))
            await self.ledger.tick(self.state)

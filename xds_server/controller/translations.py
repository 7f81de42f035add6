"""Bridge programs that are asked for one by one, because a bridge's ports came or changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from translators.plan.model import Plan
from xds_server.controller.bridges import Ports, translation
from xds_server.controller.compile import Compiled
from xds_server.controller.state import State, Translate, Translated, Untranslated

_log = structlog.get_logger("fsdn.controller")


class Holder(Protocol):
    """Who has what was compiled, and what holds; changes of both wait for each other."""

    holds: Compiled
    state: State
    changing: asyncio.Lock


class Translations:
    """Works off translations in the order in which they were asked for, beside the event loop."""

    def __init__(
        self,
        holder: Holder,
        feed: Callable[[Translated | Untranslated], None],
        clock: Callable[[], float],
    ) -> None:
        """What is made goes to the ``holder`` as well, so that later plans can take it over."""
        self._holder = holder
        self._feed = feed
        self._clock = clock
        self._jobs: asyncio.Queue[Translate] = asyncio.Queue()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._jobs.qsize()

    def add(self, job: Translate) -> None:
        """Ask for a program; the answer is fed as Translated or Untranslated."""
        self._jobs.put_nowait(job)

    async def run(self) -> None:
        """Translate until cancelled; a bug in a translation ends the program.

        A change waits meanwhile, since it would have to translate the same, and takes it over.
        """
        while True:
            job = await self._jobs.get()
            async with self._holder.changing:
                if self._still_asked_for(job):
                    await self._translate(job.host, job.plan, job.ports)

    def _still_asked_for(self, job: Translate) -> bool:
        """Whether neither the plan nor the ports have moved on, for which others are made."""
        state = self._holder.state
        return job.plan is state.plan and job.ports is state.ports.get(job.host)

    async def _translate(self, host: str, plan: Plan, ports: Ports) -> None:
        before = self._holder.holds.targets.translations.get(host)
        try:
            made = await asyncio.to_thread(translation, plan, host, ports, before)
        except ValueError as error:  # it does not fit into this bridge
            _log.error("not translated", device=f"bridge/{host}", reason=str(error))
            self._feed(Untranslated(host, plan, ports, str(error), self._clock()))
        else:
            if self._holder.holds.plan is plan:
                self._holder.holds = self._holder.holds.with_bridge(host, ports, made)
            self._feed(Translated(host, plan, ports, made.program, self._clock()))

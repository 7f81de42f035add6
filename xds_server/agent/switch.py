"""The switch agent: it runs beside FRR, fetches the switch's configuration and keeps it true.

It starts from the last configuration that it applied, so that a switch comes up without the server;
a version that the switch refused is not tried again until another one comes; what has drifted is
put right at the next poll. A signal ends it between two transactions, never within one.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import structlog

from xds_server.agent.api_tls import SYSTEM, ApiTls
from xds_server.agent.client import AgentClient, Report, ServerAwayError, agent_client, delay
from xds_server.agent.switch_means import check_means
from xds_server.agent.switch_saved import SavedConfig
from xds_server.snapshots.evidence import Acked
from xds_server.snapshots.model import SwitchConfig
from xds_server.southbound.frr import FrrSwitch
from xds_server.southbound.frr_commands import FrrPaths, SwitchUnavailableError
from xds_server.southbound.frr_state import switch_state

POLL, SETTLING_POLL = 25.0, 1.0  # seconds; short while sessions are still coming up
SETTLING_POLLS = 30  # after so many short ones, a session that stays down is not waited for

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SwitchAgentSettings:
    """What the agent is told on its command line; the paths are those of one FRR instance."""

    name: str
    api: str
    token_file: Path
    state: Path
    vty_dir: Path = Path("/var/run/frr")
    config_dir: Path = Path("/etc/frr")
    namespace: str | None = None  # of the switch, when it is not the agent's own
    api_tls: ApiTls = SYSTEM

    @property
    def switch(self) -> FrrSwitch:
        """The switch to work on."""
        paths = FrrPaths(vty=self.vty_dir, conf=self.config_dir, run=self.vty_dir)
        return FrrSwitch(self.name, paths, self.namespace)


def run_switch_agent(settings: SwitchAgentSettings) -> None:
    """Serve one switch until SIGTERM or SIGINT.

    Raises SwitchAgentError where a program or a privilege is missing, and SavedError for a broken
    state file.
    """
    check_means(settings.switch.paths)
    asyncio.run(_until_signal(settings))


async def _until_signal(settings: SwitchAgentSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve_switch(settings, stop)


async def serve_switch(settings: SwitchAgentSettings, stop: asyncio.Event) -> None:
    """Serve one switch until ``stop`` is set."""
    saved = SavedConfig(settings.state, settings.name)
    async with agent_client(settings.api, settings.token_file, settings.api_tls) as client:
        agent = SwitchAgent(settings.switch, client, saved, stop, applied=saved.load())
        await agent.run()


class _StoppedError(Exception):
    """The agent is to end."""


@dataclass(slots=True)
class SwitchAgent:
    """Keeps one switch as the server wants it. ``applied`` is what it runs, ``seen`` the last
    version that came (applied or refused), ``unsent`` the report that the server has yet to get.
    """

    switch: FrrSwitch
    client: AgentClient
    saved: SavedConfig
    stop: asyncio.Event
    applied: SwitchConfig | None = None
    seen: str = ""
    last: Report | None = None
    unsent: Report | None = None
    settling: int = 0
    rng: random.Random = field(default_factory=random.Random)

    async def run(self) -> None:
        """Work until told to stop; an absent server or FRR is waited for, ever more slowly."""
        failures = 0
        told = ""
        while not self.stop.is_set():
            try:
                await self._turn()
                failures, told = 0, ""
            except (ServerAwayError, SwitchUnavailableError) as error:
                if str(error) != told:
                    log.warning("waiting", switch=self.switch.name, reason=str(error))
                    told = str(error)
                self.unsent = self.unsent or again(self.last)  # the server may have forgotten
                await self._pause(delay(failures, self.rng))
                failures += 1
            except _StoppedError:
                return

    async def _turn(self) -> None:
        """Keep what there is, say what is unsaid, then wait for what comes."""
        await self._keep()
        if self.unsent is not None:
            await self._or_stop(self.client.report(self.switch.name, self.unsent))
            self.unsent = None
        wait = SETTLING_POLL if self.settling else POLL
        fresh = await self._or_stop(self.client.config(self.switch.name, self.seen, wait))
        if fresh is not None:
            await self._change(fresh)
            self.seen = fresh.version

    async def _keep(self) -> None:
        """Put right what has drifted from the applied configuration, and notice sessions.

        Drift is not looked for while sessions come up: that would slow down their coming.
        """
        if self.applied is None:
            return
        self.seen = self.seen or self.applied.version
        await self.switch.require_daemons()
        drifted = () if self.settling else await self.switch.difference(self.applied)
        if drifted:
            log.warning("drifted", switch=self.switch.name, lines=len(drifted), first=drifted[0])
            await self._change(self.applied)
        elif self.last is None or self.last.state != "failed":
            report = Report("running", self.applied.version, detail=await self._detail())
            if self.last is None or self.last.detail != report.detail:
                self._say(report)

    async def _change(self, config: SwitchConfig) -> None:
        evidence = await self.switch.apply(config)
        if isinstance(evidence, Acked):
            self.applied = config
            self.saved.save(config)
            self.settling = SETTLING_POLLS
            detail = await self._detail()
            self._say(Report("applied", config.version, evidence.written, detail=detail))
        else:
            reason, line = evidence.reason, evidence.resource
            self._say(Report("failed", config.version, reason=reason, line=line))

    def _say(self, report: Report) -> None:
        self.last = self.unsent = report
        words = {k: v for k in ("reason", "line", "detail") if (v := getattr(report, k))}
        log.info(report.state, switch=self.switch.name, written=report.written, **words)

    async def _detail(self) -> str:
        """Return FRR's release, its sessions, and the interfaces that are not plugged in."""
        state = await switch_state(self.switch)
        self.settling = 0 if state.is_settled else max(0, self.settling - 1)
        absent = () if self.applied is None else await self.switch.absent(self.applied)
        return str(state) + (f", waiting for interface {', '.join(absent)}" if absent else "")

    async def _pause(self, seconds: float) -> None:
        done, _ = await asyncio.wait(
            [stop := asyncio.ensure_future(self.stop.wait())], timeout=seconds
        )
        if not done:
            stop.cancel()

    async def _or_stop(self, work: Coroutine[object, object, T]) -> T:
        """Await the server, but not past a signal."""
        asked = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait([asked, stop], return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise _StoppedError
            return asked.result()
        finally:
            for task in (asked, stop):
                task.cancel()


def again(told: Report | None) -> Report | None:
    """Return a report that was told already as it holds now: nothing had to be written for it."""
    if told is None or told.state != "applied":
        return told
    return replace(told, state="running", written=0)

"""What only a host itself can tell: its agent waits for our questions and answers them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from xds_server.controller.errors import MachineError
from xds_server.protocols.unixctl.conntrack import Connection

SILENCE_SECONDS = 60.0  # a long poll lasts 25 s; then the agent asks again
PATIENCE_SECONDS = 10.0  # for one answer


class AgentAwayError(MachineError):
    """A host's agent cannot be asked now; the message says why, and the mend."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which connections are there in these conntrack zones?"""

    number: int
    zones: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection, and for how many seconds its agent has seen it (None: since before that)."""

    connection: Connection
    age: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent found; ``left_off`` connections were too many, ``unread`` made no sense."""

    seen: tuple[Seen, ...] = ()
    left_off: int = 0
    unread: int = 0
    error: str = ""


@dataclass(slots=True)
class _Host:
    heard: float = float("-inf")
    question: Question | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answers: dict[int, asyncio.Future[Answer]] = field(default_factory=dict)


class HostAgents:
    """One question a host at a time; who asks meanwhile shares its answer."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._last = 0
        self._closing = False

    async def question(self, name: str, wait: float) -> Question | None:
        """Return what a host is asked, within ``wait`` seconds."""
        host = self._hosts.setdefault(name, _Host())
        host.heard = self._clock()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0 if self._closing else wait):
                await host.asked.wait()
        host.heard = self._clock()
        host.asked.clear()
        question, host.question = host.question, None
        return question

    def answer(self, name: str, number: int, answer: Answer) -> None:
        """Take an answer; one that nobody waits for any more is dropped."""
        host = self._hosts.setdefault(name, _Host())
        host.heard = self._clock()
        future = host.answers.pop(number, None)
        if future is not None and not future.done():
            future.set_result(answer)

    async def ask(
        self, name: str, zones: tuple[int, ...], patience: float = PATIENCE_SECONDS
    ) -> Answer:
        """Ask a host's agent; raises AgentAwayError where there is no answer within the seconds."""
        host = self._hosts.get(name)
        if host is None or self._clock() - host.heard > SILENCE_SECONDS:
            raise AgentAwayError(
                f"host {name} has no agent that could read its connections, run"
                f" 'fsdn agent --role host --name {name}' there"
            )
        future = self._ask(host, zones)
        try:
            async with asyncio.timeout(patience):
                answer = await asyncio.shield(future)
        except TimeoutError as error:
            raise AgentAwayError(
                f"the agent of host {name} did not answer within {patience:g} s, look at its log"
            ) from error
        if answer.error:
            raise AgentAwayError(f"the agent of host {name} cannot tell: {answer.error}")
        return answer

    def close(self) -> None:
        """Let no agent wait any longer; called when the program is about to stop."""
        self._closing = True
        for host in self._hosts.values():
            host.asked.set()

    def _ask(self, host: _Host, zones: tuple[int, ...]) -> asyncio.Future[Answer]:
        waiting = host.question
        if waiting is not None and waiting.zones == zones and waiting.number in host.answers:
            return host.answers[waiting.number]
        self._last += 1
        host.question = Question(self._last, zones)
        future = asyncio.get_running_loop().create_future()
        # Whoever gave up has left its number behind; a host cannot answer it late for ever.
        host.answers = {n: f for n, f in host.answers.items() if n > self._last - 16}
        host.answers[self._last] = future
        host.asked.set()
        return future

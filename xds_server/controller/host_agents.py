"""What only a host itself can tell: its agent waits for our questions and answers them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from xds_server.controller.errors import MachineError
from xds_server.protocols.unixctl.conntrack import Connection

SILENCE_SECONDS = 60.0  # a long poll lasts 25 s; then the agent asks again
PATIENCE_SECONDS = 10.0  # for one answer
_MOST = 16  # questions that a host may have open


class AgentAwayError(MachineError):
    """A host's agent cannot be asked now; the message says why, and the mend."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Which connections are there in these conntrack zones?"""

    zones: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What does a bridge do with this packet? As ``ofproto/trace`` takes it.

    ``states`` are what each pass through connection tracking is to find (``--ct-next``).
    """

    bridge: str
    flow: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What a host's agent is asked; its answer comes with the number."""

    number: int
    what: Sessions | Trace


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection, and for how many seconds its agent has seen it (None: since before that)."""

    connection: Connection
    age: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent found; ``left_off`` connections were too many, ``unread`` made no sense.

    ``text`` is what the vswitch printed of a trace.
    """

    seen: tuple[Seen, ...] = ()
    left_off: int = 0
    unread: int = 0
    error: str = ""
    text: str = ""


_DOES = {Sessions: "read its connections", Trace: "trace a packet through its bridge"}


@dataclass(slots=True)
class _Host:
    heard: float = float("-inf")
    questions: deque[Question] = field(default_factory=deque)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answers: dict[int, asyncio.Future[Answer]] = field(default_factory=dict)


class HostAgents:
    """One question a host at a time; who asks the same meanwhile shares its answer."""

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
        question = host.questions.popleft() if host.questions else None
        if not host.questions:
            host.asked.clear()
        return question

    def answer(self, name: str, number: int, answer: Answer) -> None:
        """Take an answer; one that nobody waits for any more is dropped."""
        host = self._hosts.setdefault(name, _Host())
        host.heard = self._clock()
        future = host.answers.pop(number, None)
        if future is not None and not future.done():
            future.set_result(answer)

    async def ask(
        self, name: str, what: Sessions | Trace, patience: float = PATIENCE_SECONDS
    ) -> Answer:
        """Ask a host's agent; raises AgentAwayError where there is no answer within the seconds."""
        host = self._hosts.get(name)
        if host is None or self._clock() - host.heard > SILENCE_SECONDS:
            raise AgentAwayError(
                f"host {name} has no agent that could {_DOES[type(what)]}, run"
                f" 'fsdn agent --role host --name {name}' there"
            )
        future = self._ask(host, what)
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

    def _ask(self, host: _Host, what: Sessions | Trace) -> asyncio.Future[Answer]:
        for waiting in host.questions:
            if waiting.what == what and waiting.number in host.answers:
                return host.answers[waiting.number]
        self._last += 1
        host.questions.append(Question(self._last, what))
        future = asyncio.get_running_loop().create_future()
        host.answers[self._last] = future
        # Whoever gave up has left its number behind; a host cannot answer it late for ever.
        host.answers = dict(list(host.answers.items())[-_MOST:])
        host.questions = deque(q for q in host.questions if q.number in host.answers)
        host.asked.set()
        return future

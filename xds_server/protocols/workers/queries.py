"""Questions of one worker about the clients of all others: passed on, gathered, answered once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from xds_server.protocols.workers.commands import Answers, Query
from xds_server.protocols.workers.news import Answer, Ask


@dataclass(slots=True)
class _Open:
    asker: int
    number: int  # the asker's own
    waiting: set[int]
    error: str = ""
    responses: list[bytes] = field(default_factory=list)


class Queries:
    """Every question that is not answered yet; workers are numbers."""

    def __init__(self) -> None:
        self._open: dict[int, _Open] = {}
        self._numbers = itertools.count(1)

    def asked(self, asker: int, ask: Ask, others: Iterable[int]) -> Query:
        """Return what to ask each of the others; ``settled`` tells when that was all."""
        number = next(self._numbers)
        self._open[number] = _Open(asker, ask.number, set(others))
        return Query(number, ask.nodes, ask.request)

    def answered(self, worker: int, answer: Answer) -> None:
        """Take an answer; one that nobody waits for is ignored."""
        found = self._open.get(answer.number)
        if found is not None and worker in found.waiting:
            found.waiting.discard(worker)
            found.error = found.error or answer.error
            found.responses.append(answer.response)

    def lost(self, worker: int) -> None:
        """Take the end of a worker: it has no clients, and asks nothing."""
        self._open = {n: one for n, one in self._open.items() if one.asker != worker}
        for one in self._open.values():
            one.waiting.discard(worker)

    def settled(self) -> list[tuple[int, Answers]]:
        """Return the questions that have been answered by all, with who asked; once each."""
        done = [number for number, one in self._open.items() if not one.waiting]
        found = [self._open.pop(number) for number in done]
        return [
            (one.asker, Answers(one.number, one.error, b"".join(one.responses))) for one in found
        ]

"""What the controller does with the news of its workers: many of them are to look like one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

import structlog

from xds_server.protocols.reports.loads import LoadReport
from xds_server.protocols.workers.commands import Allow
from xds_server.protocols.workers.gathering import Allowance, Gathering
from xds_server.protocols.workers.news import (
    Answer,
    Ask,
    Found,
    Heard,
    Loaded,
    Logged,
    Measured,
    News,
)
from xds_server.protocols.workers.queries import Queries
from xds_server.snapshots.evidence import Evidence
from xds_server.southbound.grpc_hds import HOLD_SECONDS
from xds_server.southbound.grpc_services import Reports
from xds_server.southbound.worker_process import WorkerProcess

_log = structlog.get_logger("fsdn.worker")


class Hearing:
    """Evidence and reports go on to whom they concern, questions to the other workers.

    ``workers``: those that run, by number; ``node``, ``most``: streams of one node, and of all,
    that they may have together.
    """

    def __init__(
        self,
        workers: Mapping[int, WorkerProcess],
        node: int,
        most: int,
        on_evidence: Callable[[Evidence], None],
        reports: Reports,
    ) -> None:
        self._workers = workers
        self._evidence = on_evidence
        self._reports = reports
        self._gathering = Gathering(node, most)
        self._queries = Queries()
        self._loaded: dict[int, set[str]] = {}
        self._checking: dict[int, set[str]] = {}

    @property
    def streams(self) -> int:
        """How many streams there are."""
        return self._gathering.streams

    def heard(self, worker: int, news: News) -> None:
        """Take what a worker tells."""
        match news:
            case Heard(evidence=evidence, streams=streams):
                for one in evidence:
                    for known in self._gathering.heard(worker, one):
                        self._evidence(known)
                for node, count in streams:
                    self._allow(self._gathering.counted(worker, node, count))
            case Ask():
                others = [number for number in self._workers if number != worker]
                query = self._queries.asked(worker, news, others)
                for number in others:
                    self._workers[number].say(query)
                self._settle()
            case Answer():
                self._queries.answered(worker, news)
                self._settle()
            case _:
                self._reported(worker, news)

    def lost(self, worker: int, at: float, reason: str) -> None:
        """Take the end of a worker, and with it of all its streams."""
        evidence, allowed = self._gathering.lost(worker, at, reason)
        self._allow(allowed)
        for node in self._loaded.pop(worker, ()):
            self._reports.loads.forget(node)
        for node in self._checking.pop(worker, ()):
            loop, until = asyncio.get_running_loop(), at + HOLD_SECONDS
            loop.call_later(HOLD_SECONDS, self._reports.health.forget, node, at, until)
        self._queries.lost(worker)
        self._settle()
        for one in evidence:
            self._evidence(one)

    def _reported(self, worker: int, news: News) -> None:
        match news:
            case Logged(entries=entries, dropped=dropped):
                self._reports.logs.take(entries)
                if dropped:
                    _log.warning("access log entries dropped", worker=worker, entries=dropped)
            case Loaded(node=node, rows=None):
                self._loaded.get(worker, set()).discard(node)
                self._reports.loads.forget(node)
            case Loaded(node=node, rows=tuple() as rows):
                self._loaded.setdefault(worker, set()).add(node)
                self._reports.loads.take(node, LoadReport(node, rows))
            case Measured(families=families):
                for node, count in families:
                    self._reports.metrics.take(node, count)
            case Found():
                self._found(worker, news)

    def _found(self, worker: int, news: Found) -> None:
        """Take a report of a node that checks, or that it has not been back for long."""
        if news.rows is None:
            self._checking.get(worker, set()).discard(news.node)
            self._reports.health.forget(news.node, news.at, news.at + HOLD_SECONDS)
            return
        self._checking.setdefault(worker, set()).add(news.node)
        self._reports.health.take(news.node, dict(news.rows), news.at, settled=news.settled)

    def _allow(self, allowed: Iterable[Allowance]) -> None:
        for node, changed in allowed:
            for number in changed.keys() & self._workers.keys():
                self._workers[number].say(Allow(node, changed[number]))

    def _settle(self) -> None:
        for asker, answers in self._queries.settled():
            if asker in self._workers:
                self._workers[asker].say(answers)

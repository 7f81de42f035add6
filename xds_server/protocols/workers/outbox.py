"""What a worker has yet to tell the controller: in order, and bounded where nobody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from xds_server.protocols.reports.entries import Entry
from xds_server.protocols.reports.health import Checked, Health
from xds_server.protocols.reports.loads import LoadReport
from xds_server.protocols.workers.news import (
    NEWS,
    Found,
    Heard,
    Loaded,
    Logged,
    Measured,
    News,
    checked_row,
    entry_row,
    evidence_row,
    load_row,
)
from xds_server.snapshots.evidence import Acked, Evidence, Nacked, Offered, Warned

MOST_EVIDENCE = 20_000  # from which later evidence takes the place of earlier of the same kind
MOST_ENTRIES = 20_000  # access log entries; further ones are dropped, and counted
_ENTRIES_A_FRAME = 1000
_MOST_LOADS = 10_000  # rows of a report that are told, which is what is kept of it


class Outbox:
    """Evidence keeps its order. Reports may be lost while the controller does not keep up.

    ``wake`` is called whenever there is something to take.
    """

    def __init__(
        self,
        wake: Callable[[], None],
        most_evidence: int = MOST_EVIDENCE,
        most_entries: int = MOST_ENTRIES,
    ) -> None:
        self._wake = wake
        self._most_evidence = most_evidence
        self._most_entries = most_entries
        self._evidence: list[Evidence] = []
        self._streams: dict[str, int] = {}
        self._entries: list[Entry] = []
        self._dropped = 0
        self._loads: dict[str, LoadReport | None] = {}
        self._families: dict[str, int] = {}
        self._found: dict[str, Found] = {}
        self._said: list[News] = []

    def hear(self, evidence: Evidence) -> None:
        """Take evidence."""
        self._evidence.append(evidence)
        if len(self._evidence) > self._most_evidence:
            self._evidence = _latest(self._evidence)
            self._most_evidence = max(self._most_evidence, 2 * len(self._evidence))
        self._wake()

    def count(self, node: str, streams: int) -> None:
        """Take how many streams a node has here now."""
        self._streams[node] = streams
        self._wake()

    def log(self, entries: Iterable[Entry]) -> None:
        """Take access log entries."""
        for entry in entries:
            if len(self._entries) < self._most_entries:
                self._entries.append(entry)
            else:
                self._dropped += 1
        self._wake()

    def load(self, node: str, report: LoadReport | None) -> None:
        """Take a node's load report; None when it has gone."""
        self._loads[node] = report
        self._wake()

    def measure(self, node: str, families: int) -> None:
        """Take how many metric families a node streamed."""
        self._families[node] = self._families.get(node, 0) + families
        self._wake()

    def found(
        self,
        node: str,
        found: Mapping[Checked, Health] | None,
        at: float,
        *,
        settled: bool = True,
    ) -> None:
        """Take what a node found of all endpoints that it checks; None when it has gone."""
        rows = None if found is None else tuple(checked_row(*one) for one in found.items())
        self._found[node] = Found(node, at, settled, rows)
        self._wake()

    def say(self, news: News) -> None:
        """Take anything else."""
        self._said.append(news)
        self._wake()

    def take(self) -> bytes:
        """Return the frames of everything that was taken since the last time."""
        return b"".join(map(NEWS.encode, self._drain()))

    def _drain(self) -> list[News]:
        found: list[News] = []
        if self._evidence or self._streams:
            rows = tuple(map(evidence_row, self._evidence))
            found.append(Heard(rows, tuple(self._streams.items())))
        for start in range(0, len(self._entries), _ENTRIES_A_FRAME):
            some = self._entries[start : start + _ENTRIES_A_FRAME]
            found.append(Logged(tuple(map(entry_row, some)), 0 if start else self._dropped))
        found += [Loaded(node, _rows(report)) for node, report in self._loads.items()]
        if self._families:
            found.append(Measured(tuple(self._families.items())))
        found += [*self._found.values(), *self._said]
        self._evidence, self._entries, self._said, self._dropped = [], [], [], 0
        self._streams, self._loads, self._families, self._found = {}, {}, {}, {}
        return found


def _rows(report: LoadReport | None) -> tuple[Any, ...] | None:
    return None if report is None else tuple(load_row(*row) for row in report.rows[:_MOST_LOADS])


def _latest(evidence: list[Evidence]) -> list[Evidence]:
    """Return the last evidence of each kind about each thing, in its order."""
    last = {_about(one): number for number, one in enumerate(evidence)}
    return [evidence[number] for number in sorted(last.values())]


def _about(evidence: Evidence) -> tuple[object, ...]:
    about = ""
    if isinstance(evidence, Offered | Acked | Nacked):
        about = evidence.type
    elif isinstance(evidence, Warned):
        about = evidence.topic
    return type(evidence), evidence.device, about

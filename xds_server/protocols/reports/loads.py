"""Load reports: how much each proxy sent to each cluster, locality by locality.

Messages and field numbers: envoy/service/load_stats/v3/lrs.proto and
envoy/config/endpoint/v3/load_report.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from xds_server.protocols.reports.fields import Fields, put_seconds
from xds_server.protocols.xds.protobuf import put_number

_MOST = 10_000  # rows a node that are kept


@dataclass(frozen=True, slots=True, order=True)
class LoadKey:
    """What a row is about; ``locality`` is region/zone/sub-zone, "" where there is none."""

    node: str
    cluster: str
    locality: str


@dataclass(frozen=True, slots=True)
class Load:
    """One report; counts are of ``interval`` seconds, ``in_progress`` of its end; at 0: idle."""

    at: float
    interval: float
    issued: int
    succeeded: int
    failed: int
    in_progress: int
    dropped: int  # of the whole cluster: drops happen before a locality is chosen

    @property
    def rate(self) -> float:
        """Requests issued a second; 0 for an interval of no length."""
        return self.issued / self.interval if self.interval > 0 else 0.0


_IDLE = Load(0.0, 0.0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """A LoadStatsRequest: who reports (in the first message), and its rows."""

    node: str
    rows: tuple[tuple[str, str, Load], ...]  # cluster, locality, load


def scan_report(data: bytes, now: float) -> LoadReport:
    """Return the LoadStatsRequest in these bytes; raise MalformedError if there is none."""
    found = Fields(data)
    rows = [row for cluster in found.messages(2) for row in _rows(cluster, now)]
    return LoadReport(found.message(1).text(1), tuple(rows))


def _rows(cluster: Fields, now: float) -> Iterator[tuple[str, str, Load]]:
    interval = cluster.seconds(4)
    localities: dict[str, list[Fields]] = {}
    for stats in cluster.messages(2):
        localities.setdefault(_locality(stats.message(1)), []).append(stats)
    dropped = cluster.number(3)
    if dropped and not localities:
        localities[""] = []
    for name, parts in localities.items():  # one for each priority of the locality
        issued, ok, bad, busy = (sum(one.number(k) for one in parts) for k in (8, 2, 4, 3))
        yield cluster.text(1), name, Load(now, interval, issued, ok, bad, busy, dropped)


def _locality(locality: Fields) -> str:
    return "/".join(part for part in (locality.text(k) for k in (1, 2, 3)) if part)


def encode_wish(interval: float) -> bytes:
    """Return the LoadStatsResponse that asks for all clusters every ``interval`` seconds."""
    return put_seconds(2, interval) + put_number(4, 1)


class LoadTable:
    """The last load of every (node, cluster, locality); what a report leaves out is idle."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._nodes: dict[str, dict[LoadKey, Load]] = {}
        self.reports = 0

    def take(self, node: str, report: LoadReport) -> None:
        """Keep what a node reports in place of what it said before; what it leaves out is idle."""
        self.reports += 1
        rows = {LoadKey(node, cluster, locality): load for cluster, locality, load in report.rows}
        for key in self._nodes.get(node, {}):
            rows.setdefault(key, _IDLE)
        self._nodes[node] = dict(islice(rows.items(), self._most))

    def forget(self, node: str) -> None:
        """Drop the rows of a node that has gone: its last rates no longer hold."""
        self._nodes.pop(node, None)

    def rows(self) -> tuple[tuple[LoadKey, Load], ...]:
        """Return all rows, by node, cluster and locality."""
        rows = (item for found in self._nodes.values() for item in found.items())
        return tuple(sorted(rows, key=lambda item: item[0]))

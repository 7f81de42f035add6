"""A worker process of the xDS port: no database, no policy, no files, only the pipe on its stdin.

Started by ``fsdn serve --xds-workers``; of no use by itself.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from xds_server.cycles import collect_rarely
from xds_server.heap import Freed, share_heap
from xds_server.protocols.reports.entries import Entry
from xds_server.protocols.reports.loads import LoadReport, LoadTable
from xds_server.protocols.reports.ring import Ring
from xds_server.protocols.workers.commands import Start
from xds_server.protocols.workers.outbox import Outbox
from xds_server.southbound.confinement import RESOLVER, confine, interpreter_paths
from xds_server.southbound.grpc_ads import AdsServer
from xds_server.southbound.grpc_als import AccessLogs
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_csds import ClientStatus
from xds_server.southbound.grpc_metrics import ProxyMetrics
from xds_server.southbound.grpc_services import Reports, services
from xds_server.southbound.worker_serving import WorkerEnd
from xds_server.southbound.worker_start import settings_of


class _Logs(AccessLogs):
    def __init__(self, outbox: Outbox, callers: Callers) -> None:
        super().__init__(Ring(0), callers)
        self._outbox = outbox

    def take(self, entries: Sequence[Entry]) -> None:
        self._outbox.log(entries)


class _Loads(LoadTable):
    def __init__(self, outbox: Outbox) -> None:
        super().__init__(0)
        self._outbox = outbox

    def take(self, node: str, report: LoadReport) -> None:
        self._outbox.load(node, report)

    def forget(self, node: str) -> None:
        self._outbox.load(node, None)


class _Metrics(ProxyMetrics):
    def __init__(self, outbox: Outbox, callers: Callers) -> None:
        super().__init__(callers)
        self._outbox = outbox

    def take(self, node: str, families: int) -> None:
        self._outbox.measure(node, families)


def assemble(start: Start, end: WorkerEnd) -> tuple[AdsServer, ClientStatus]:
    """Return the server as the controller wants it, with all services, and one of them."""

    def clock() -> float:
        return time.monotonic() + start.offset

    outbox = end.outbox
    callers = Callers(verified=bool(start.client_ca))
    status = ClientStatus(lambda: server.streams(), callers, end.elsewhere)
    logs, loads, metrics = _Logs(outbox, callers), _Loads(outbox), _Metrics(outbox, callers)
    reports = Reports(logs, loads, metrics, end.checks)
    beside = services(status, reports, callers, clock)
    server = AdsServer(settings_of(start), outbox.hear, clock, beside, outbox.count)
    return server, status


def _confine(port: int) -> str:
    return confine((*interpreter_paths(Path(__file__).parent), *RESOLVER), port)


async def _run() -> None:
    end = WorkerEnd(assemble, _confine)
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(
            number, lambda: ending.append(loop.create_task(end.end())) if not ending else None
        )
    pipe = socket.socket(fileno=0)
    reader, writer = await asyncio.open_connection(sock=pipe)
    collect_rarely()
    giving = loop.create_task(Freed().give_back())
    try:
        await end.run(reader, writer)
    finally:
        giving.cancel()


def main() -> None:
    """Serve until the controller says so, is gone, or a signal comes."""
    share_heap()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # until there is a handler
    uvloop.run(_run())


if __name__ == "__main__":
    main()

"""The services beside xDS put together: what proxies report, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import grpc

from xds_server.api.sources import Sources
from xds_server.controller.providing import Verdict
from xds_server.controller.service import Controller
from xds_server.controller.state import Diagnosed
from xds_server.meters import Meters, Reading
from xds_server.protocols.reports.loads import LoadTable
from xds_server.protocols.reports.ring import Ring
from xds_server.protocols.xds.ads import XdsStream
from xds_server.settings import ServerSettings
from xds_server.southbound.grpc_ads import AdsServer
from xds_server.southbound.grpc_als import AccessLogs
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_csds import ClientStatus
from xds_server.southbound.grpc_metrics import ProxyMetrics
from xds_server.southbound.grpc_services import Reports, services
from xds_server.southbound.worker_pool import WorkerPool

XdsPort = AdsServer | WorkerPool  # in this process, or in several others


@dataclass(slots=True)
class Reporting:
    """Everything that takes reports; ``attach`` it to what is made after it, before serving.

    ``services`` are for a server in this process; workers have their own, which report here too.
    """

    services: tuple[grpc.GenericRpcHandler, ...]
    reports: Reports
    sources: Sources
    _xds: XdsPort | None = None
    _controller: Controller | None = None

    def attach(self, xds: XdsPort, controller: Controller) -> None:
        """Say whose streams and whose state are to be shown, and who hears of health."""
        self._xds, self._controller = xds, controller
        health = self.reports.health
        health.changed = lambda: controller.feed(Diagnosed(health.unhealthy, controller.clock()))

    def streams(self) -> Iterable[XdsStream]:
        """Return the streams of the proxies that are connected to this process."""
        return self._xds.streams() if isinstance(self._xds, AdsServer) else ()


def reporting(settings: ServerSettings, clock: Callable[[], float]) -> Reporting:
    """Return all services beside xDS, and the sources that the API shows of them."""
    callers = Callers(verified=settings.tls_ca is not None)
    ring, table = Ring(), LoadTable()
    reports = Reports(AccessLogs(ring, callers), table, ProxyMetrics(callers))

    def read() -> Reading:
        controller, xds = made._controller, made._xds
        if controller is None or xds is None:
            return Reading()
        pool = xds if isinstance(xds, WorkerPool) else None
        return Reading(
            revision=controller.state.revision,
            streams=xds.open_streams,
            workers=len(pool.pids) if pool is not None else 0,
            restarts=pool.restarts if pool is not None else 0,
            backlog=controller.backlog,
            drift={host: one.counts for host, one in controller.drift.found.items()},
            drops=controller.counting.totals,
            hits=controller.counting.hits,
            devices=controller.state.status.devices,
            loads=table.rows(),
            entries=ring.taken,
            reports=table.reports,
            families=reports.metrics.families,
            unhealthy=len(reports.health.unhealthy),
            expiries=sources.folders.expiries(),
            refused={one.name: one.state is Verdict.REFUSED for one in sources.folders.states()},
        )

    health = reports.health
    sources = Sources(reports.logs, table, Meters(read), settings.metrics_open, health=health)
    status = ClientStatus(lambda: made.streams(), callers)
    made = Reporting(services(status, reports, callers, clock), reports, sources)
    return made

"""The services beside xDS put together: what proxies report, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import grpc

from xds_server.api.sources import Sources
from xds_server.controller.providing import Verdict
from xds_server.controller.service import Controller
from xds_server.meters import Meters, Reading
from xds_server.protocols.reports.health import HealthTable
from xds_server.protocols.reports.loads import LoadTable
from xds_server.protocols.reports.ring import Ring
from xds_server.protocols.xds.ads import XdsStream
from xds_server.settings import ServerSettings
from xds_server.southbound.grpc_ads import AdsServer
from xds_server.southbound.grpc_als import AccessLogs
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_channelz import Channelz
from xds_server.southbound.grpc_csds import ClientStatus
from xds_server.southbound.grpc_hds import HealthDiscovery
from xds_server.southbound.grpc_lrs import LoadReports
from xds_server.southbound.grpc_metrics import ProxyMetrics
from xds_server.southbound.grpc_reflection import Reflection


@dataclass(slots=True)
class Reporting:
    """Everything that takes reports; ``attach`` it to what is made after it, before serving."""

    services: tuple[grpc.GenericRpcHandler, ...]
    sources: Sources
    _xds: AdsServer | None = None
    _controller: Controller | None = None

    def attach(self, xds: AdsServer, controller: Controller) -> None:
        """Say whose streams and whose state are to be shown."""
        self._xds, self._controller = xds, controller

    def streams(self) -> Iterable[XdsStream]:
        """Return the streams of connected proxies."""
        return self._xds.streams() if self._xds is not None else ()


def reporting(settings: ServerSettings, clock: Callable[[], float]) -> Reporting:
    """Return all services beside xDS, and the sources that the API shows of them."""
    callers = Callers(verified=settings.tls_ca is not None)
    ring, table = Ring(), LoadTable()
    logs, proxies = AccessLogs(ring, callers), ProxyMetrics(callers)

    def read() -> Reading:
        controller, xds = made._controller, made._xds
        if controller is None or xds is None:
            return Reading()
        return Reading(
            revision=controller.state.revision,
            streams=len(xds.streams()),
            backlog=controller.backlog,
            devices=controller.state.status.devices,
            loads=table.rows(),
            entries=ring.taken,
            reports=table.reports,
            families=proxies.families,
            expiries=sources.folders.expiries(),
            refused={one.name: one.state is Verdict.REFUSED for one in sources.folders.states()},
        )

    sources = Sources(logs, table, Meters(read), settings.metrics_open)
    status = ClientStatus(lambda: made.streams(), callers)
    loads, told = LoadReports(table, clock, callers), Reflection(callers)
    checks = HealthDiscovery(HealthTable(), clock, callers)  # the policy assigns no checks yet
    services = (status, loads, logs, proxies, checks, told, Channelz(callers))
    made = Reporting(services, sources)
    return made

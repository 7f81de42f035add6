"""The services beside xDS on its port, the same ones in one process or in many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import grpc

from xds_server.protocols.reports.health_table import HealthTable
from xds_server.protocols.reports.loads import LoadTable
from xds_server.southbound.grpc_als import AccessLogs
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_channelz import Channelz
from xds_server.southbound.grpc_csds import ClientStatus
from xds_server.southbound.grpc_hds import HealthDiscovery
from xds_server.southbound.grpc_lrs import LoadReports
from xds_server.southbound.grpc_metrics import ProxyMetrics
from xds_server.southbound.grpc_reflection import Reflection


@dataclass(frozen=True, slots=True)
class Reports:
    """Where the reports of proxies are kept."""

    logs: AccessLogs
    loads: LoadTable
    metrics: ProxyMetrics
    health: HealthTable = field(default_factory=HealthTable)


def services(
    status: ClientStatus, reports: Reports, callers: Callers, clock: Callable[[], float]
) -> tuple[grpc.GenericRpcHandler, ...]:
    """Return what answers on the port beside discovery and health."""
    loads = LoadReports(reports.loads, clock, callers)
    checks = HealthDiscovery(reports.health, clock, callers)
    told = Reflection(callers)
    return (status, loads, reports.logs, reports.metrics, checks, told, Channelz(callers))

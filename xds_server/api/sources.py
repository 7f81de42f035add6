"""What the API shows beside the controller: reports of proxies, and the server's own metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from xds_server.folders import Folders
from xds_server.meters import Meters
from xds_server.protocols.reports.health_table import HealthTable
from xds_server.protocols.reports.loads import LoadTable
from xds_server.protocols.reports.ring import Ring
from xds_server.southbound.grpc_als import AccessLogs
from xds_server.southbound.grpc_callers import Callers


def _logs() -> AccessLogs:
    return AccessLogs(Ring(), Callers())


@dataclass(frozen=True, slots=True)
class Sources:
    """Where reports are kept; ``open_metrics``: whoever reaches the API may read its metrics."""

    logs: AccessLogs = field(default_factory=_logs)
    loads: LoadTable = field(default_factory=LoadTable)
    meters: Meters = field(default_factory=Meters)
    open_metrics: bool = False
    folders: Folders = field(default_factory=Folders)
    health: HealthTable = field(default_factory=HealthTable)


def _sources(request: Request) -> Sources:
    found: Sources = request.app.state.sources
    return found


Watched = Annotated[Sources, Depends(_sources)]

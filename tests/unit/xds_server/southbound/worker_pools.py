"""A pool of real worker processes, and clients whose connections are spread over them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from tests.unit.xds_server.southbound.grpc_client import Client
from xds_server.protocols.reports.loads import LoadTable
from xds_server.protocols.reports.ring import Ring
from xds_server.snapshots.evidence import Evidence
from xds_server.southbound.grpc_ads import AdsSettings
from xds_server.southbound.grpc_als import AccessLogs
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_metrics import ProxyMetrics
from xds_server.southbound.grpc_services import Reports
from xds_server.southbound.worker_pool import WorkerPool


def reports() -> Reports:
    """Return a place for reports."""
    anyone = Callers()
    return Reports(AccessLogs(Ring(), anyone), LoadTable(), ProxyMetrics(anyone))


class Bed:
    """A pool, and everything that came of it."""

    def __init__(self, count: int, **settings: Any) -> None:
        self.evidence: list[Evidence] = []
        self.reports = reports()
        self.settings = AdsSettings(**{"port": 0, **settings})
        self.pool = WorkerPool(self.settings, count, self.evidence.append, time.time, self.reports)
        self.port = 0
        self._channels: list[grpc.aio.Channel] = []

    def channel(self) -> grpc.aio.Channel:
        """Return a channel with a connection of its own."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channels.append(grpc.aio.insecure_channel(f"127.0.0.1:{self.port}", options))
        return self._channels[-1]

    def client(self) -> Client:
        """Return a client with a connection of its own."""
        return Client(self.channel())

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()
        await self.pool.stop(1.0)


@asynccontextmanager
async def workers(count: int = 2, **settings: Any) -> AsyncIterator[Bed]:
    bed = Bed(count, **settings)
    bed.port = await bed.pool.start()
    try:
        yield bed
    finally:
        await bed.close()

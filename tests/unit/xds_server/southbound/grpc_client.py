"""A raw gRPC client of the xDS server, on bytes."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc

from tests.conversations.xds.responses import Response, read, sotw_request
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.resource_types import AGGREGATED


class Client:
    """One aggregated state-of-the-world stream."""

    def __init__(self, channel: Any) -> None:
        method = channel.stream_stream(f"/{AGGREGATED}/StreamAggregatedResources")
        self.call = method()

    async def ask(self, url: str, *names: str, **more: Any) -> None:
        await self.call.write(sotw_request(url, names, **more))

    async def hear(self, seconds: float = 5.0) -> Response:
        data = await asyncio.wait_for(self.call.read(), seconds)
        assert data is not grpc.aio.EOF, await self.call.details()
        return read(data, Dialect.SOTW)

    async def ended(self) -> tuple[str, str]:
        async with asyncio.timeout(5):
            status = await self.call.code()
            return status.name, await self.call.details()

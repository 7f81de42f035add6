"""A raw gRPC client of the xDS server, on bytes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import grpc

from tests.conversations.xds.responses import Response, delta_request, read, sotw_request
from tests.waiting import PATIENCE
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.resource_types import AGGREGATED


class Client:
    """One aggregated stream, state-of-the-world unless told otherwise."""

    def __init__(self, channel: Any, dialect: Dialect = Dialect.SOTW) -> None:
        self.dialect = dialect
        kind = "Stream" if dialect is Dialect.SOTW else "Delta"
        self.call = channel.stream_stream(f"/{AGGREGATED}/{kind}AggregatedResources")()

    async def ask(self, url: str, *names: str, **more: Any) -> None:
        make = sotw_request if self.dialect is Dialect.SOTW else delta_request
        # A stream that is refused at once may end before this; why is in what it ended with.
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await self.call.write(make(url, names, **more))

    async def hear(self, seconds: float = 5.0) -> Response:
        data = await asyncio.wait_for(self.call.read(), seconds)
        assert data is not grpc.aio.EOF, await self.call.details()
        return read(data, self.dialect)

    async def ended(self) -> tuple[str, str]:
        async with asyncio.timeout(PATIENCE):
            status = await self.call.code()
            return status.name, await self.call.details()

"""A server with chosen services beside xDS, and a channel to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from xds_server.southbound.grpc_ads import AdsServer, AdsSettings


@asynccontextmanager
async def channel_to(*services: grpc.GenericRpcHandler) -> AsyncIterator[grpc.aio.Channel]:
    server = AdsServer(AdsSettings(port=0), lambda _: None, services=services)
    port = await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop(0.5)

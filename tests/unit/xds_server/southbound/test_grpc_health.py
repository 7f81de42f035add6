import asyncio

import grpc

from tests.waiting import PATIENCE
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings
from xds_server.southbound.grpc_health import Health

CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"


async def test_serving_until_it_drains() -> None:
    health = Health()
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((health,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert await channel.unary_unary(CHECK)(b"") == SERVING
            watch = channel.unary_stream(WATCH)(b"")
            assert await asyncio.wait_for(watch.read(), PATIENCE) == SERVING
            health.drain()
            assert await asyncio.wait_for(watch.read(), PATIENCE) == NOT_SERVING
            assert await channel.unary_unary(CHECK)(b"") == NOT_SERVING
    finally:
        await server.stop(0)


async def test_the_xds_server_answers_probes() -> None:
    server = AdsServer(AdsSettings(port=0), print)
    port = await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert await channel.unary_unary(CHECK)(b"") == SERVING
    finally:
        await server.stop(0.5)

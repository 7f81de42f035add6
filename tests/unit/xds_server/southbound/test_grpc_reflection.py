import asyncio

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from tests.unit.xds_server.southbound.grpc_services import channel_to
from xds_server.protocols.reports.fields import Fields
from xds_server.protocols.xds.protobuf import put_text
from xds_server.protocols.xds.resource_types import AGGREGATED, SERVICES
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_reflection import SERVICE_NAMES, Reflection


async def test_a_real_client_resolves_every_service() -> None:
    server = AdsServer(AdsSettings(port=0), lambda _: None, services=[Reflection(Callers())])
    port = await server.start()

    def ask() -> dict[str, list[tuple[str, bool, bool]]]:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            pool = DescriptorPool(database)
            return {
                name: [
                    (method.name, method.client_streaming, method.server_streaming)
                    for method in pool.FindServiceByName(name).methods
                ]
                for name in database.get_services()
            }

    try:
        found = await asyncio.to_thread(ask)
    finally:
        await server.stop(0.5)
    assert {AGGREGATED, *SERVICES, *SERVICE_NAMES} <= found.keys()
    assert found[AGGREGATED] == [
        ("StreamAggregatedResources", True, True),
        ("DeltaAggregatedResources", True, True),
    ]
    assert found["grpc.health.v1.Health"] == [("Check", False, False), ("Watch", False, True)]


@pytest.mark.parametrize("service", SERVICE_NAMES)
async def test_what_is_not_here_is_an_error_in_the_answer(service: str) -> None:
    async with channel_to(Reflection(Callers())) as channel:
        call = channel.stream_stream(f"/{service}/ServerReflectionInfo")()
        for request, code in ((put_text(4, "no.Such"), 5), (put_text(6, "x"), 12)):
            await call.write(request)
            told = Fields(await call.read())
            assert told.message(7).number(1) == code
            assert told.raw(2) == request
        await call.write(b"\x0b")
        assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_where_certificates_are_shown_it_is_for_operators() -> None:
    class Proxies(Callers):
        async def check_operator(self, context):
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "for operators")

    async with channel_to(Reflection(Proxies())) as channel:
        call = channel.stream_stream(f"/{SERVICE_NAMES[0]}/ServerReflectionInfo")()
        assert await call.code() is grpc.StatusCode.PERMISSION_DENIED

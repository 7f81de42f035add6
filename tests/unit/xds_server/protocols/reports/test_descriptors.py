import asyncio

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from tests.unit.xds_server.southbound.grpc_services import channel_to
from tests.waiting import PATIENCE
from xds_server.protocols.reports.descriptors import SERVED, Method, Service, catalogue
from xds_server.reporting import reporting
from xds_server.settings import ServerSettings


def test_files_are_what_protobuf_reads() -> None:
    found = catalogue([Service("b.S", (Method("M", "a.Ask", "b.Answer", False, True),))])
    assert found.services == ("b.S",)
    assert found.file_of["b.S.M"] == found.file_of["b.Answer"] != found.file_of["a.Ask"]
    pool = DescriptorPool()
    for name in (found.file_of["a.Ask"], found.file_of["b.S"]):
        pool.AddSerializedFile(found.files[name])
        assert FileDescriptorProto.FromString(found.files[name]).name == name
    (method,) = pool.FindServiceByName("b.S").methods
    assert (method.input_type.full_name, method.output_type.full_name) == ("a.Ask", "b.Answer")
    assert (method.client_streaming, method.server_streaming) == (False, True)


async def test_every_method_that_is_told_is_served() -> None:
    services = reporting(ServerSettings(), lambda: 1.0).services
    missing = []
    async with channel_to(*services) as channel:
        for service in SERVED:
            for method in service.methods:
                call = channel.stream_stream(f"/{service.name}/{method.name}")()
                try:
                    await call.write(b"")
                    await call.done_writing()
                    await asyncio.wait_for(call.read(), PATIENCE)
                except grpc.aio.AioRpcError as error:
                    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                        missing.append((service.name, method.name))
                call.cancel()
    assert missing == []


async def test_a_method_that_is_not_served_would_be_noticed() -> None:
    async with channel_to() as channel:
        call = channel.stream_stream("/no.Such/Method")()
        assert await call.code() is grpc.StatusCode.UNIMPLEMENTED

import asyncio

import grpc
from envoy_data_plane.envoy.config.core.v3 import Node
from envoy_data_plane.envoy.data.accesslog.v3 import TcpAccessLogEntry
from envoy_data_plane.envoy.service.accesslog.v3 import (
    StreamAccessLogsMessage,
    StreamAccessLogsMessageIdentifier,
    StreamAccessLogsMessageTcpAccessLogEntries,
)

from tests.unit.xds_server.southbound.grpc_services import channel_to
from tests.waiting import PATIENCE, eventually
from xds_server.protocols.reports.ring import Ring
from xds_server.southbound.grpc_als import SERVICE, AccessLogs
from xds_server.southbound.grpc_callers import Callers

METHOD = f"/{SERVICE}/StreamAccessLogs"
NAME = StreamAccessLogsMessageIdentifier(node=Node(id="host1"))


def batch(size: int, name: StreamAccessLogsMessageIdentifier | None) -> bytes:
    logs = StreamAccessLogsMessageTcpAccessLogEntries(log_entry=[TcpAccessLogEntry()] * size)
    return bytes(StreamAccessLogsMessage(identifier=name, tcp_logs=logs))


async def test_entries_reach_those_who_follow() -> None:
    service = AccessLogs(Ring(), Callers())
    seen: list[int] = []

    async def follow() -> None:
        async for found in service.follow(0):
            seen.extend(one.number for one in found)

    async with channel_to(service) as channel:
        follower = asyncio.create_task(follow())
        call = channel.stream_unary(METHOD)()
        await call.write(batch(2, NAME))
        await call.write(batch(1, None))
        await call.done_writing()
        assert await call == b""
        await eventually(lambda: len(seen) >= 3)
        service.close()
        await asyncio.wait_for(follower, PATIENCE)
    assert seen == [1, 2, 3]
    assert {one.entry.node for one in service.recent()} == {"host1"}
    assert [one.number for one in service.recent(2)] == [3]


async def test_a_silent_follower_learns_that_we_are_here() -> None:
    service = AccessLogs(Ring(), Callers())
    lines = service.follow(0, patience=0.01)
    assert await anext(lines) == ()
    service.close()
    assert [found async for found in lines] == []


async def test_a_proxy_without_a_name_is_refused() -> None:
    async with channel_to(AccessLogs(Ring(), Callers())) as channel:
        for data in (batch(1, None), b"\x0b"):
            call = channel.stream_unary(METHOD)()
            await call.write(data)
            assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT

import asyncio

import grpc

from tests.unit.xds_server.protocols.reports.test_health import (
    BAD,
    GOOD,
    A,
    hello,
    report,
    specifier,
)
from tests.unit.xds_server.southbound.grpc_services import channel_to
from tests.waiting import PATIENCE, eventually
from xds_server.protocols.reports.health import Assignment
from xds_server.protocols.reports.health_table import HealthTable
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_hds import SERVICE, HealthDiscovery

ASKED = specifier(A)
STREAM = f"/{SERVICE}/StreamHealthCheck"


async def test_a_checker_is_told_what_to_check_and_is_believed_once_it_has() -> None:
    table, now = HealthTable(), [100.0]
    table.assign({"web-1": Assignment(ASKED, settle=5.0)})
    service = HealthDiscovery(table, lambda: now[0], Callers(), hold=0.05)
    async with channel_to(service) as channel:
        call = channel.stream_stream(STREAM)()
        await call.write(hello("web-1"))
        assert await asyncio.wait_for(call.read(), PATIENCE) == ASKED
        await call.write(report({A: BAD}))
        await eventually(table.rows)
        assert table.unhealthy == frozenset()
        now[0] += 5
        await call.write(report({A: BAD}))
        await eventually(lambda: table.unhealthy == {A})
        table.assign({})
        assert await asyncio.wait_for(call.read(), PATIENCE) == b""
        await call.done_writing()
        await eventually(lambda: not table.unhealthy)
        assert table.rows() == ()


async def test_a_checker_that_comes_back_in_time_changes_nothing() -> None:
    table = HealthTable()
    table.assign({"web-1": Assignment(ASKED, settle=60.0)})
    table.take("web-1", {A: BAD}, 0.0)
    changes: list[int] = []
    table.changed = lambda: changes.append(1)
    clock = asyncio.get_running_loop().time
    async with channel_to(HealthDiscovery(table, clock, Callers(), hold=0.2)) as channel:
        for _ in range(2):
            call = channel.stream_stream(STREAM)()
            await call.write(hello("web-1"))
            await call.read()
            await call.write(report({A: BAD}))
            await asyncio.sleep(0.05)
            call.cancel()
        kept = channel.stream_stream(STREAM)()
        await kept.write(hello("web-1"))
        for _ in range(10):
            await kept.write(report({A: BAD}))
            await asyncio.sleep(0.05)
        await eventually(lambda: table.unhealthy == {A})
        assert changes == []


async def test_fetch_answers_the_same_and_takes_no_reports() -> None:
    table = HealthTable()
    table.assign({"web-1": Assignment(ASKED)})
    async with channel_to(HealthDiscovery(table, lambda: 1.0, Callers())) as channel:
        fetch = channel.unary_unary(f"/{SERVICE}/FetchHealthCheck")
        assert await fetch(hello("web-1")) == ASKED
        assert await fetch(hello("web-2")) == b""
        for data, words in ((report({A: GOOD}), "names no node"), (b"\xff", "malformed")):
            call = fetch(data)
            assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert words in await call.details()


async def test_who_does_not_say_who_it_is_or_speaks_nonsense_is_refused() -> None:
    table = HealthTable()
    async with channel_to(HealthDiscovery(table, lambda: 1.0, Callers())) as channel:
        for messages in ((report({A: BAD}),), (b"\xff",), (hello("web-1"), b"\xff")):
            call = channel.stream_stream(STREAM)()
            for data in messages:
                await call.write(data)
            if len(messages) > 1:
                assert await call.read() == b""
            assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert table.rows() == ()

"""Reports of real proxies' protocols through real worker processes, and questions across them."""

import asyncio
import os
import signal

import grpc
import pytest
from envoy_data_plane.envoy.config.core.v3 import Node
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterStats
from envoy_data_plane.envoy.data.accesslog.v3 import AccessLogCommon, HttpAccessLogEntry
from envoy_data_plane.envoy.service.accesslog.v3 import (
    StreamAccessLogsMessage,
    StreamAccessLogsMessageHttpAccessLogEntries,
    StreamAccessLogsMessageIdentifier,
)
from envoy_data_plane.envoy.service.load_stats.v3 import LoadStatsRequest
from envoy_data_plane.envoy.service.status.v3 import ClientStatusRequest, ClientStatusResponse

from tests.conversations.xds.responses import listener
from tests.unit.xds_server.protocols.reports.test_health import BAD, A, hello, report, specifier
from tests.unit.xds_server.southbound.test_worker_pool import joined
from tests.unit.xds_server.southbound.worker_pools import Bed, workers
from tests.waiting import eventually
from xds_server.protocols.reports.health import Assignment
from xds_server.protocols.xds.protobuf import put, put_text
from xds_server.snapshots.model import snapshot_of
from xds_server.southbound import (
    grpc_als,
    grpc_csds,
    grpc_hds,
    grpc_lrs,
    grpc_metrics,
    worker_hearing,
)

NODE = Node(id="web-1")


async def test_logs_and_metrics_of_all_workers_are_kept_in_one_place() -> None:
    async with workers() as bed:
        for number in range(8):
            await _log(bed.channel(), f"web-{number}")
            await _measure(bed.channel(), f"web-{number}")
        await eventually(lambda: len(bed.reports.logs.recent()) == 8)
        nodes = {one.entry.node for one in bed.reports.logs.recent()}
        assert nodes == {f"web-{number}" for number in range(8)}
        await eventually(lambda: len(bed.reports.metrics.families) == 8)
        assert set(bed.reports.metrics.families.values()) == {2}


async def _log(channel: grpc.aio.Channel, node: str) -> None:
    entry = HttpAccessLogEntry(common_properties=AccessLogCommon(upstream_cluster="c"))
    message = StreamAccessLogsMessage(
        identifier=StreamAccessLogsMessageIdentifier(node=Node(id=node), log_name="l"),
        http_logs=StreamAccessLogsMessageHttpAccessLogEntries(log_entry=[entry]),
    )
    call = channel.stream_unary(f"/{grpc_als.SERVICE}/StreamAccessLogs")()
    await call.write(bytes(message))
    await call.done_writing()
    await call


async def _measure(channel: grpc.aio.Channel, node: str) -> None:
    call = channel.stream_unary(f"/{grpc_metrics.SERVICE}/StreamMetrics")()
    await call.write(put(1, put(1, put_text(1, node))) + put(2, b"") * 2)
    await call.done_writing()
    await call


async def test_loads_are_kept_while_their_reporter_is_there() -> None:
    async with workers() as bed:
        table = bed.reports.loads
        first, second = await _loads(bed, "web-1"), await _loads(bed, "web-2")
        await eventually(lambda: {key.node for key, _ in table.rows()} == {"web-1", "web-2"})
        assert [(key.cluster, load.dropped) for key, load in table.rows()] == [("c", 3)] * 2
        first.cancel()
        await eventually(lambda: {key.node for key, _ in table.rows()} == {"web-2"})
        for pid in bed.pool.pids:
            os.kill(pid, 9)
        await eventually(lambda: table.rows() == ())
        second.cancel()


async def _loads(bed: Bed, node: str) -> grpc.aio.StreamStreamCall:
    call = bed.channel().stream_stream(f"/{grpc_lrs.SERVICE}/StreamLoadStats")()
    stats = ClusterStats(cluster_name="c", total_dropped_requests=3)
    await call.write(bytes(LoadStatsRequest(node=Node(id=node), cluster_stats=[stats])))
    assert await call.read() is not grpc.aio.EOF  # it is asked to report
    return call


async def _status(bed: Bed, request: ClientStatusRequest) -> dict[str, int]:
    fetch = bed.channel().unary_unary(f"/{grpc_csds.SERVICE}/FetchClientStatus")
    answer = ClientStatusResponse.parse(await fetch(bytes(request)))
    return {one.node.id: len(one.generic_xds_configs) for one in answer.config if one.node}


async def test_whichever_worker_is_asked_all_clients_are_told() -> None:
    async with workers() as bed:
        nodes = [f"web-{number}" for number in range(6)]
        for node in nodes:
            bed.pool.publish(node, snapshot_of([listener("a")]))
            await joined(bed, 2, node)
        for _ in range(6):
            assert await _status(bed, ClientStatusRequest()) == dict.fromkeys(nodes, 2)


async def test_a_worker_that_dies_while_it_is_asked_holds_nobody_up() -> None:
    async with workers() as bed:
        bed.pool.publish("web-1", snapshot_of([listener("a")]))
        os.kill(bed.pool.pids[0], signal.SIGSTOP)
        found = []
        for _ in range(40):  # those that the stopped worker accepts are never answered
            channel = bed.channel()
            fetch = channel.unary_unary(f"/{grpc_csds.SERVICE}/FetchClientStatus")
            found.append(fetch(b"", timeout=8))
        os.kill(bed.pool.pids[0], signal.SIGKILL)
        answers = [await _code(call) for call in found]
        assert grpc.StatusCode.OK in answers
        assert set(answers) <= {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}


async def _code(call: grpc.aio.UnaryUnaryCall) -> grpc.StatusCode:
    return await call.code()


async def _checking(bed: Bed, node: str) -> tuple[grpc.aio.StreamStreamCall, bytes]:
    call = bed.channel().stream_stream(f"/{grpc_hds.SERVICE}/StreamHealthCheck")()
    await call.write(hello(node))
    told = await call.read()
    assert isinstance(told, bytes)
    return call, told


async def test_checkers_at_any_worker_are_told_what_to_check_and_believed() -> None:
    async with workers() as bed:
        table, asked = bed.reports.health, specifier(A)
        found = [await _checking(bed, f"web-{number}") for number in range(20)]
        assert {told for _, told in found} == {b""}
        table.assign({}, Assignment(asked))
        for call, _ in found:
            assert await call.read() == asked
            await call.write(report({A: BAD}))
        await eventually(lambda: len(table.rows()) == 20)
        assert len(bed.pool._hearing._checking) == 2, "all connections are at one worker"
        assert table.unhealthy == {A}
        for pid in bed.pool.pids:
            os.kill(pid, signal.SIGKILL)
        await eventually(lambda: len(bed.pool.pids) == 2 and bed.pool.restarts == 2)
        call, told = await _checking(bed, "web-0")
        assert told == asked, "a new worker knows it"
        assert table.unhealthy == {A}, "what was found holds until they are back"


async def test_what_a_checker_found_is_forgotten_if_it_does_not_come_back_after_its_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_hearing, "HOLD_SECONDS", 3.0)
    async with workers() as bed:
        table = bed.reports.health
        table.assign({}, Assignment(specifier(A)))
        for node in ("web-1", "web-2"):
            call, _ = await _checking(bed, node)
            await call.write(report({A: BAD}))
        await eventually(lambda: len(table.rows()) == 2)
        for pid in bed.pool.pids:
            os.kill(pid, signal.SIGKILL)
        await eventually(lambda: len(bed.pool.pids) == 2 and bed.pool.restarts == 2)
        call, _ = await _checking(bed, "web-2")
        await call.write(report({A: BAD}))
        await eventually(lambda: [node for node, *_ in table.rows()] == ["web-2"])
        await asyncio.sleep(1.0)
        assert table.unhealthy == {A}, "the other one is still there"

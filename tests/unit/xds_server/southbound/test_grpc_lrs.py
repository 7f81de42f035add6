import grpc
from envoy_data_plane.envoy.config.core.v3 import Node
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterStats
from envoy_data_plane.envoy.service.load_stats.v3 import LoadStatsRequest, LoadStatsResponse

from tests.unit.xds_server.southbound.grpc_services import channel_to
from tests.waiting import eventually
from xds_server.protocols.reports.loads import LoadTable
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_lrs import INTERVAL_SECONDS, SERVICE, LoadReports


async def test_loads_are_asked_for_kept_and_forgotten() -> None:
    table = LoadTable()
    async with channel_to(LoadReports(table, lambda: 7.0, Callers())) as channel:
        call = channel.stream_stream(f"/{SERVICE}/StreamLoadStats")()
        await call.write(bytes(LoadStatsRequest(node=Node(id="host1"))))
        wish = LoadStatsResponse.parse(await call.read())
        assert wish.load_reporting_interval is not None
        assert wish.load_reporting_interval.total_seconds() == INTERVAL_SECONDS
        stats = ClusterStats(cluster_name="stock", total_dropped_requests=1)
        await call.write(bytes(LoadStatsRequest(cluster_stats=[stats])))
        await eventually(lambda: table.rows())
        assert [(key.node, load.at) for key, load in table.rows()] == [("host1", 7.0)]
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert table.rows() == ()


async def test_a_reporter_without_a_name_is_refused() -> None:
    async with channel_to(LoadReports(LoadTable(), lambda: 7.0, Callers())) as channel:
        for data, words in ((b"", "names no node"), (b"\x0b", "malformed")):
            call = channel.stream_stream(f"/{SERVICE}/StreamLoadStats")()
            await call.write(data)
            assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert words in await call.details()

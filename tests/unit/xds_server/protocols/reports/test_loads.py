from datetime import timedelta

from envoy_data_plane.envoy.config.core.v3 import Locality, Node
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterStats, UpstreamLocalityStats
from envoy_data_plane.envoy.service.load_stats.v3 import LoadStatsRequest, LoadStatsResponse

from xds_server.protocols.reports.loads import (
    Load,
    LoadKey,
    LoadReport,
    LoadTable,
    encode_wish,
    scan_report,
)


def stats(zone: str, issued: int, priority: int = 0) -> UpstreamLocalityStats:
    return UpstreamLocalityStats(
        locality=Locality(region="eu", zone=zone),
        total_issued_requests=issued,
        total_successful_requests=issued - 1,
        total_error_requests=1,
        total_requests_in_progress=2,
        priority=priority,
    )


def test_a_report_is_read_by_locality() -> None:
    cluster = ClusterStats(
        cluster_name="stock",
        upstream_locality_stats=[stats("a", 10), stats("a", 20, priority=1), stats("b", 5)],
        total_dropped_requests=3,
        load_report_interval=timedelta(seconds=10),
    )
    idle = ClusterStats(cluster_name="shut", total_dropped_requests=7)
    written = LoadStatsRequest(node=Node(id="host1"), cluster_stats=[cluster, idle])
    report = scan_report(bytes(written), 99.0)
    assert report.node == "host1"
    assert report.rows[0] == ("stock", "eu/a", Load(99.0, 10.0, 30, 28, 2, 4, 3))
    assert report.rows[0][2].rate == 3.0
    assert [row[:2] for row in report.rows] == [("stock", "eu/a"), ("stock", "eu/b"), ("shut", "")]
    assert (report.rows[2][2].dropped, report.rows[2][2].rate) == (7, 0.0)


def test_all_clusters_are_asked_for() -> None:
    wish = LoadStatsResponse.parse(encode_wish(2.5))
    assert wish.send_all_clusters
    assert wish.load_reporting_interval == timedelta(seconds=2.5)


def load(at: float) -> Load:
    return Load(at, 1.0, 1, 1, 0, 0, 0)


def test_the_last_report_counts_until_its_node_leaves() -> None:
    table = LoadTable()
    table.take("b", LoadReport("b", (("c", "", load(1)),)))
    table.take("a", LoadReport("a", (("c", "", load(2)),)))
    table.take("b", LoadReport("", (("c", "", load(3)),)))
    assert table.rows() == ((LoadKey("a", "c", ""), load(2)), (LoadKey("b", "c", ""), load(3)))
    table.forget("b")
    assert [key.node for key, _ in table.rows()] == ["a"]
    assert table.reports == 3


def test_the_table_is_bounded() -> None:
    table = LoadTable(most=2)
    table.take("a", LoadReport("a", (("c", "", load(1)), ("d", "", load(1)))))
    table.take("a", LoadReport("a", (("e", "", load(2)),)))
    assert {key.cluster: row.at for key, row in table.rows()} == {"c": 0, "e": 2}


def test_what_a_report_leaves_out_is_idle() -> None:
    table = LoadTable()
    table.take("a", LoadReport("a", (("c", "", load(1)),)))
    table.take("a", LoadReport("a", ()))
    ((_, row),) = table.rows()
    assert row.rate == 0

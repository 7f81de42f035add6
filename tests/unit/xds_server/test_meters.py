from xds_server.controller.metering import Took
from xds_server.meters import Meters, Reading
from xds_server.protocols.reports.loads import Load, LoadKey
from xds_server.protocols.xds.resource_types import LISTENER
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Nacked,
    Offered,
)
from xds_server.status.model import DeviceStatus

PROXY, BRIDGE = Device(DeviceKind.PROXY, "host1"), Device(DeviceKind.BRIDGE, "host1")
READING = Reading(
    revision=7,
    streams=2,
    backlog=3,
    devices={PROXY: DeviceStatus(declared=True, connected=True), BRIDGE: DeviceStatus()},
    loads=((LoadKey("host1", "stock", "eu/a"), Load(1.0, 10.0, 50, 49, 1, 0, 0)),),
    drops={("host1", "rule"): (3, 180)},
    hits={("host1", "shop/web[0]"): (5, 300)},
    entries=11,
    reports=4,
    families={"host1": 9},
)


def lines(meters: Meters) -> dict[str, float]:
    """Read the page as Prometheus does: everything that is no comment is a sample."""
    page = meters.page().decode().splitlines()
    pairs = (line.rpartition(" ") for line in page if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_evidence_is_counted_by_kind_and_type() -> None:
    meters = Meters()
    first = (
        Connected(PROXY, 0.0),
        Offered(PROXY, LISTENER, "1", 1.0),
        Acked(PROXY, LISTENER, "1", 2.0, 3),
        Acked(PROXY, LISTENER, "1", 2.2, 3),
        Acked(PROXY, LISTENER, "1", 2.5, 0),
        Nacked(PROXY, LISTENER, "2", 3.0, "bad"),
        Acked(BRIDGE, "flows", "1", 4.0, 40),
        Acked(BRIDGE, "flows", "1", 4.5, 0),
        Nacked(BRIDGE, "flows", "2", 5.0, "bad"),
    )
    meters.hear(first)
    meters.hear([Offered(PROXY, "type.googleapis.com/invented", "1", 6.0)])
    told = lines(meters)
    proxy = '{kind="proxy",type="Listener"}'
    assert told[f"fsdn_pushes_total{proxy}"] == 1
    assert told[f"fsdn_acks_total{proxy}"] == 3
    assert told['fsdn_nacks_total{kind="proxy",reason="other",type="Listener"}'] == 1
    assert told[f"fsdn_suppressed_pushes_total{proxy}"] == 1
    assert told[f"fsdn_written_total{proxy}"] == 6
    assert told['fsdn_pushes_total{kind="proxy",type="other"}'] == 1
    assert told['fsdn_openflow_bundles_total{result="committed"}'] == 1
    assert told['fsdn_openflow_bundles_total{result="refused"}'] == 1
    assert told["fsdn_openflow_flows_written_total"] == 40


def test_times_are_histograms() -> None:
    meters = Meters()
    meters.compiled(Took(0.02, 0.2))
    meters.acknowledged(3.0)
    told = lines(meters)
    assert told["fsdn_compile_seconds_sum"] == 0.02
    assert told["fsdn_encode_seconds_sum"] == 0.2
    assert told['fsdn_change_to_acknowledged_seconds_bucket{le="2.5"}'] == 0
    assert told['fsdn_change_to_acknowledged_seconds_bucket{le="5.0"}'] == 1


def test_the_moment_is_read_at_each_scrape() -> None:
    told = lines(Meters(lambda: READING))
    assert told["fsdn_revision"] == 7
    assert told["fsdn_xds_streams"] == 2
    assert told["fsdn_queue_depth"] == 3
    assert told['fsdn_devices{kind="proxy",state="SYNCED"}'] == 1
    assert told['fsdn_devices{kind="bridge",state="UNKNOWN"}'] == 1
    assert told["fsdn_access_log_entries_total"] == 11
    assert told['fsdn_bridge_dropped_packets_total{cause="rule",host="host1"}'] == 3
    assert told['fsdn_bridge_dropped_bytes_total{cause="rule",host="host1"}'] == 180
    assert told['fsdn_rule_packets_total{host="host1",rule="shop/web[0]"}'] == 5
    assert told['fsdn_rule_bytes_total{host="host1",rule="shop/web[0]"}'] == 300
    assert told["fsdn_load_reports_total"] == 4
    rate = 'fsdn_load_requests_per_second{cluster="stock",locality="eu/a",node="host1"}'
    assert told[rate] == 5
    assert told['fsdn_proxy_metric_families_total{node="host1"}'] == 9


def test_every_metric_says_what_it_is() -> None:
    families = Meters().families()
    assert len(families) == 28
    assert all(len(family.documentation) > 10 for family in families)

"""The server's own metrics, as Prometheus reads them: folded from evidence, or read on demand."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from xds_server.controller.metering import Took
from xds_server.protocols.openflow.counters import Counts
from xds_server.protocols.reports.loads import Load, LoadKey
from xds_server.protocols.xds.resource_types import KNOWN_TYPES
from xds_server.snapshots.evidence import Acked, Device, DeviceKind, Evidence, Nacked, Offered
from xds_server.status.model import DeviceStatus
from xds_server.status.reasons import refusal_class

_PACE = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_LABELS = ("kind", "type")
_OURS = frozenset({"flows", "config"})  # the types that are not of xDS


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read at the moment of a scrape."""

    revision: int = 0
    streams: int = 0
    workers: int = 0
    restarts: int = 0
    backlog: int = 0
    devices: Mapping[Device, DeviceStatus] = field(default_factory=dict)
    drift: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by host and kind
    drops: Mapping[tuple[str, str], Counts] = field(default_factory=dict)  # by host and cause
    hits: Mapping[tuple[str, str], Counts] = field(default_factory=dict)  # by host and rule
    loads: tuple[tuple[LoadKey, Load], ...] = ()
    entries: int = 0
    reports: int = 0
    families: Mapping[str, int] = field(default_factory=dict)
    unhealthy: int = 0
    expiries: tuple[tuple[str, str, float], ...] = ()
    refused: Mapping[str, bool] = field(default_factory=dict)  # by the name of a folder


class Meters:
    """Every metric of the server in a registry of its own; ``read`` is asked at each scrape."""

    def __init__(self, read: Callable[[], Reading] = Reading) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Now(read))

        def counter(name: str, text: str, labels: Iterable[str] = ()) -> Counter:
            return Counter(name, text, labels, registry=self._registry)

        def histogram(name: str, text: str) -> Histogram:
            return Histogram(name, text, registry=self._registry, buckets=_PACE)

        self._pushes = counter("fsdn_pushes", "Versions that were sent to devices.", _LABELS)
        self._acks = counter("fsdn_acks", "Versions that devices said they run.", _LABELS)
        self._nacks = counter(
            "fsdn_nacks", "Versions that devices refused, by why.", (*_LABELS, "reason")
        )
        self._suppressed = counter(
            "fsdn_suppressed_pushes", "Versions for which a device had to be sent nothing.", _LABELS
        )
        self._written = counter(
            "fsdn_written", "Resources, flows or lines of configuration that were sent.", _LABELS
        )
        self._bundles = counter(
            "fsdn_openflow_bundles", "OpenFlow bundles, by what the bridge said.", ("result",)
        )
        self._flows = counter(
            "fsdn_openflow_flows_written", "Flows and groups changed by committed bundles."
        )
        self._pace = histogram(
            "fsdn_change_to_acknowledged_seconds",
            "From a revision's commit until every connected device ran it.",
        )
        self._plan = histogram("fsdn_compile_seconds", "From documents to the plan.")
        self._encode = histogram("fsdn_encode_seconds", "From the plan to all devices' bytes.")

    def hear(self, heard: Iterable[Evidence]) -> None:
        """Count what devices said: thousands of them say the same, which is counted at once."""
        pushes = Tally[tuple[DeviceKind, str]]()
        acks = Tally[tuple[DeviceKind, str, int]]()
        for one in heard:
            if isinstance(one, Offered):
                pushes[one.device.kind, one.type] += 1
            elif isinstance(one, Acked):
                acks[one.device.kind, one.type, one.written] += 1
            elif isinstance(one, Nacked):
                self._refused(one)
        for (device, kind), times in pushes.items():
            self._pushes.labels(*_labels(device, kind)).inc(times)
        for (device, kind, written), times in acks.items():
            self._acknowledged(device, kind, written, times)

    def _acknowledged(self, device: DeviceKind, kind: str, written: int, times: int) -> None:
        labels = _labels(device, kind)
        self._acks.labels(*labels).inc(times)
        self._written.labels(*labels).inc(written * times)
        if not written:
            self._suppressed.labels(*labels).inc(times)
        elif device is DeviceKind.BRIDGE:
            self._bundles.labels("committed").inc(times)
            self._flows.inc(written * times)

    def _refused(self, refusal: Nacked) -> None:
        device = refusal.device.kind
        labels = _labels(device, refusal.type)
        self._nacks.labels(*labels, refusal_class(refusal.reason)).inc()
        if device is DeviceKind.BRIDGE:
            self._bundles.labels("refused").inc()

    def compiled(self, took: Took) -> None:
        """Note how long a compilation took."""
        self._plan.observe(took.plan)
        self._encode.observe(took.encode)

    def acknowledged(self, seconds: float) -> None:
        """Note how long a revision was on its way."""
        self._pace.observe(seconds)

    def page(self) -> bytes:
        """Return all metrics in the Prometheus text format 0.0.4."""
        return generate_latest(self._registry)

    def families(self) -> list[Metric]:
        """Return every metric, for the documentation."""
        return sorted(self._registry.collect(), key=lambda family: family.name)


def _labels(device: DeviceKind, kind: str) -> tuple[str, str]:
    """Return kind and type; types that a client invents share one label."""
    known = kind in KNOWN_TYPES or kind in _OURS
    return str(device), kind.rpartition(".")[2] if known else "other"


class _Now(Collector):
    """What the server knows at this moment; nothing of it is remembered."""

    def __init__(self, read: Callable[[], Reading]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges, and the counters that others keep."""
        now = self._read()
        yield GaugeMetricFamily("fsdn_revision", "The revision that holds.", now.revision)
        yield GaugeMetricFamily("fsdn_xds_streams", "Open streams of proxies.", now.streams)
        text = "Worker processes that take xDS clients; 0 where the controller does it itself."
        yield GaugeMetricFamily("fsdn_xds_workers", text, now.workers)
        text = "Worker processes that ended and were started again."
        yield CounterMetricFamily("fsdn_xds_worker_restarts", text, now.restarts)
        text = "Events and translations that wait for their turn."
        yield GaugeMetricFamily("fsdn_queue_depth", text, now.backlog)
        yield _devices(now.devices)
        yield _drift(now.drift)
        yield from _drops(now.drops)
        yield from _hits(now.hits)
        text = "Access log entries that proxies sent."
        yield CounterMetricFamily("fsdn_access_log_entries", text, now.entries)
        text = "Load reports that proxies sent."
        yield CounterMetricFamily("fsdn_load_reports", text, now.reports)
        yield _rates(now.loads)
        text = "Metric families that a proxy streamed to the metrics service."
        families = CounterMetricFamily("fsdn_proxy_metric_families", text, labels=["node"])
        for node, count in sorted(now.families.items()):
            families.add_metric([node], count)
        yield families
        text = "Endpoints that proxies found unhealthy, and are told to the others as such."
        yield GaugeMetricFamily("fsdn_endpoints_unhealthy", text, now.unhealthy)
        text = "When a secret's first certificate ends, in seconds since the epoch."
        ends = GaugeMetricFamily("fsdn_secret_expiry_seconds", text, labels=["node", "secret"])
        for node, name, end in now.expiries:
            ends.add_metric([node, name], end)
        yield ends
        text = "Whether the last reading of a watched folder was refused, in whole or in part."
        folders = GaugeMetricFamily("fsdn_folder_refused", text, labels=["folder"])
        for name, refused in sorted(now.refused.items()):
            folders.add_metric([name], float(refused))
        yield folders


def _devices(devices: Mapping[Device, DeviceStatus]) -> Metric:
    found = GaugeMetricFamily("fsdn_devices", "Devices by their state.", labels=["kind", "state"])
    tally = Tally((str(device.kind), str(known.overall)) for device, known in devices.items())
    for labels, count in sorted(tally.items()):
        found.add_metric(labels, count)
    return found


def _rates(loads: tuple[tuple[LoadKey, Load], ...]) -> Metric:
    text = "Requests a second that a proxy sent to a cluster, by its last load report."
    labels = ["node", "cluster", "locality"]
    found = GaugeMetricFamily("fsdn_load_requests_per_second", text, labels=labels)
    for key, load in loads:
        found.add_metric([key.node, key.cluster, key.locality], load.rate)
    return found


def _drift(found: Mapping[str, Mapping[str, int]]) -> Metric:
    text = "Flows and groups of a bridge that differed when it was last compared, by how."
    family = GaugeMetricFamily("fsdn_bridge_drift_flows", text, labels=["host", "kind"])
    for host, counts in sorted(found.items()):
        for kind, count in sorted(counts.items()):
            family.add_metric([host, kind], count)
    return family


def _drops(found: Mapping[tuple[str, str], Counts]) -> Iterator[Metric]:
    text = "that a bridge dropped, by cause; of audit: that it would have dropped."
    return _counts("fsdn_bridge_dropped", text, ("host", "cause"), found)


def _hits(found: Mapping[tuple[str, str], Counts]) -> Iterator[Metric]:
    text = "that a bridge let a policy clause decide on, where there were any."
    return _counts("fsdn_rule", text, ("host", "rule"), found)


def _counts(
    name: str, text: str, labels: tuple[str, str], found: Mapping[tuple[str, str], Counts]
) -> Iterator[Metric]:
    for place, unit in enumerate(("Packets", "Bytes")):
        family = CounterMetricFamily(f"{name}_{unit.lower()}", f"{unit} {text}", labels=labels)
        for key, counts in sorted(found.items()):
            family.add_metric(key, counts[place])
        yield family

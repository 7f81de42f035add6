"""A real Envoy reports: what it holds, its loads, its access logs and its metrics."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from envoy_data_plane.envoy.service.status.v3 import ClientStatusRequest, ClientStatusResponse

from tests.devices import xds_proxy
from tests.devices import xds_resources as make
from tests.devices.xds_proxy import Proxy, backend, envoy, short_directory
from tests.waiting import eventually
from xds_server.protocols.reports.entries import Entry, Outcome
from xds_server.protocols.reports.loads import LoadTable
from xds_server.protocols.reports.ring import Ring
from xds_server.snapshots.model import snapshot_of
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings
from xds_server.southbound.grpc_als import AccessLogs
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_csds import SERVICE, ClientStatus
from xds_server.southbound.grpc_lrs import LoadReports
from xds_server.southbound.grpc_metrics import ProxyMetrics

pytestmark = [pytest.mark.device, pytest.mark.envoy("reports: LRS, ALS, metrics, CSDS")]

_API = "type.googleapis.com/envoy.extensions."
_TO_US = {"envoy_grpc": {"cluster_name": "xds"}}


def typed(name: str, kind: str, **config: Any) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": f"{_API}{kind}", **config}}


def common(name: str) -> dict[str, Any]:
    kind = {"route": {}}
    key = {"key": "fsdn", "path": [{"key": "rule"}]}
    tag = {"tag": "fsdn.rule", "metadata": {"kind": kind, "metadata_key": key}}
    return {
        "log_name": name,
        "grpc_service": _TO_US,
        "transport_api_version": "V3",
        "buffer_flush_interval": "0.05s",
        "custom_tags": [tag],
    }


def reporting(directory: Path, node: str, *, delta: bool, **where: Any) -> dict[str, Any]:
    """The bootstrap of other tests, with everything that reports, and two doors of its own."""
    found = _PLAIN(directory, node, delta=delta, **where)
    report = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [_TO_US]}
    found["cluster_manager"] = {"load_stats_config": report}
    sink = {"transport_api_version": "V3", "grpc_service": _TO_US}
    kind = "type.googleapis.com/envoy.config.metrics.v3.MetricsServiceConfig"
    config = {"@type": kind, **sink}
    found["stats_sinks"] = [{"name": "envoy.stat_sinks.metrics_service", "typed_config": config}]
    found["stats_flush_interval"] = "0.2s"
    static = found["static_resources"]
    static["listeners"] = [door("requests", requests()), door("connections", connections())]
    target = {"endpoint": {"address": {"pipe": {"path": str(directory / "blue.sock")}}}}
    load = {"cluster_name": "static", "endpoints": [{"lb_endpoints": [target]}]}
    static["clusters"].append({"name": "static", "load_assignment": load})
    return found


_PLAIN = xds_proxy.bootstrap


def door(name: str, filters: list[dict[str, Any]]) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    return {"name": name, "address": address, "filter_chains": [{"filters": filters}]}


def requests() -> list[dict[str, Any]]:
    rules = {"action": "DENY", "policies": {"shop/closed[0]": _EVERYTHING}}
    per_route = {
        "rbac": {
            "@type": f"{_API}filters.http.rbac.v3.RBACPerRoute",
            "rbac": {"rules": rules},
        }
    }
    metadata = {"filter_metadata": {"fsdn": {"rule": "shop/open[0]"}}}
    routes = [
        {
            "match": {"prefix": "/closed"},
            "route": {"cluster": "static"},
            "typed_per_filter_config": per_route,
        },
        {"match": {"prefix": "/"}, "route": {"cluster": "static"}, "metadata": metadata},
    ]
    hosts = [{"name": "every", "domains": ["*"], "routes": routes}]
    manager = typed(
        "http",
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="requests",
        route_config={"virtual_hosts": hosts},
        http_filters=[
            typed("rbac", "filters.http.rbac.v3.RBAC"),
            typed("router", "filters.http.router.v3.Router"),
        ],
        access_log=[
            typed(
                "envoy.access_loggers.http_grpc",
                "access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
                common_config=common("http"),
            )
        ],
    )
    return [manager]


_EVERYTHING = {"permissions": [{"any": True}], "principals": [{"any": True}]}


def connections() -> list[dict[str, Any]]:
    log = typed(
        "envoy.access_loggers.tcp_grpc",
        "access_loggers.grpc.v3.TcpGrpcAccessLogConfig",
        common_config=common("tcp"),
    )
    rules = {"action": "DENY", "policies": {"shop/no-tcp[0]": _EVERYTHING}}
    return [
        typed("rbac", "filters.network.rbac.v3.RBAC", stat_prefix="r", rules=rules),
        typed(
            "tcp",
            "filters.network.tcp_proxy.v3.TcpProxy",
            stat_prefix="connections",
            cluster="static",
            access_log=[log],
        ),
    ]


class Bed:
    """One server with every service, and what Envoy told it."""

    def __init__(self) -> None:
        self.table, self.ring = LoadTable(), Ring()
        anyone = Callers()
        self.metrics = ProxyMetrics(anyone)
        self.proxy: Proxy
        clock = asyncio.get_running_loop().time
        services = (
            ClientStatus(lambda: self.server.streams(), anyone),
            LoadReports(self.table, clock, anyone, interval=0.3),
            AccessLogs(self.ring, anyone),
            self.metrics,
        )
        self.services = services
        self.server: AdsServer

    def port(self, name: str) -> int:
        listed = json.loads(self.proxy.ask("/listeners?format=json"))["listener_statuses"]
        found = next(one for one in listed if one["name"] == name)
        return int(found["local_address"]["socket_address"]["port_value"])

    def get(self, path: str) -> int:
        client = http.client.HTTPConnection("127.0.0.1", self.port("requests"), timeout=30)
        client.request("GET", path, headers={"host": "shop.example"})
        return client.getresponse().status

    def entry(self, outcome: Outcome, method: str) -> Entry:
        found = [one.entry for one in self.ring.after(0)]
        return next(e for e in found if (e.outcome, e.method) == (outcome, method))


@asynccontextmanager
async def bed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bed]:
    monkeypatch.setattr(xds_proxy, "bootstrap", reporting)
    with short_directory() as directory:
        found = Bed()
        settings = AdsSettings(port=0, unix_socket=str(directory / "ads.sock"))
        found.server = AdsServer(settings, lambda _: None, services=found.services)
        found.xds = await found.server.start()
        front = str(directory / "front.sock")
        resources = [make.listener("front", front, "shop"), make.route("shop", "blue")]
        resources += [make.cluster("blue"), make.endpoints("blue", str(directory / "blue.sock"))]
        found.snapshot = snapshot_of(resources)
        found.server.publish("web-1", found.snapshot)
        try:
            async with backend(directory, "blue"):
                with envoy(directory, "web-1", delta=True) as found.proxy:
                    yield found
        finally:
            await found.server.stop(0.5)


async def test_everything_that_envoy_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bed(monkeypatch) as found:
        await eventually(lambda: found.proxy.ask("/ready").startswith("LIVE"), "ready")
        assert await asyncio.to_thread(found.get, "/books?secret=1") == 200
        assert await asyncio.to_thread(found.get, "/closed") == 403
        await _connect(found.port("connections"))
        await eventually(lambda: found.ring.taken >= 3, "three entries")
        _check_entries(found)
        await eventually(lambda: _issued(found.table) > 0, "a load")
        await eventually(lambda: found.metrics.families.get("web-1", 0) > 10, "metrics")
        await _check_status(found)


async def _connect(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


def _check_entries(found: Bed) -> None:
    allowed = found.entry(Outcome.FORWARDED, "GET")
    assert (allowed.node, allowed.rule, allowed.path) == ("web-1", "shop/open[0]", "/books")
    assert (allowed.authority, allowed.status, allowed.source) == ("shop.example", 200, "127.0.0.1")
    assert allowed.upstream.endswith("blue.sock:0")
    denied = found.entry(Outcome.DENIED, "GET")
    assert (denied.rule, denied.status) == ("shop/closed[0]", 403)
    refused = found.entry(Outcome.DENIED, "")
    assert (refused.rule, refused.destination_port) == ("shop/no-tcp[0]", found.port("connections"))


def _issued(table: LoadTable) -> int:
    return sum(load.issued for key, load in table.rows() if key.cluster == "static")


async def _check_status(found: Bed) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{found.xds}") as channel:
        fetch = channel.unary_unary(f"/{SERVICE}/FetchClientStatus")

        async def held() -> dict[tuple[str, str], tuple[str, bool]]:
            answer = ClientStatusResponse.parse(await fetch(bytes(ClientStatusRequest())))
            (client,) = answer.config
            assert client.node is not None
            assert client.node.id == "web-1"
            return {
                (one.type_url.rpartition(".")[2], one.name): (
                    one.client_status.name or "",
                    one.xds_config is not None,
                )
                for one in client.generic_xds_configs
            }

        names = [("Cluster", "blue"), ("ClusterLoadAssignment", "blue"), ("Listener", "front")]
        wanted = dict.fromkeys([*names, ("RouteConfiguration", "shop")], ("ACKED", True))

        async def acked() -> bool:
            return await held() == wanted

        await eventually(acked, "all acknowledged")

        bad = make.listener("front", "/nowhere/" + "x" * 200, "shop")
        kept = [r for kind in found.snapshot.resources.values() for r in kind.values()]
        found.server.publish("web-1", snapshot_of([*kept, bad]))

        async def nacked() -> bool:
            return (await held())[("Listener", "front")] == ("NACKED", False)

        await eventually(nacked, "the refusal")

"""A real Envoy checks endpoints for others, and traffic follows what it finds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from envoy_data_plane.envoy.config.core.v3 import (
    Address,
    HealthCheck,
    HealthCheckHttpHealthCheck,
    Pipe,
)
from envoy_data_plane.envoy.config.endpoint.v3 import Endpoint
from envoy_data_plane.envoy.service.health.v3 import (
    ClusterHealthCheck,
    HealthCheckSpecifier,
    LocalityEndpoints,
)

from tests.devices import xds_resources as make
from tests.devices.clients import running_envoy
from tests.devices.xds_proxy import Proxy, backend, envoy, short_directory
from tests.waiting import eventually
from xds_server.library import HealthChecks, SnapshotCache, serve
from xds_server.protocols.reports.health import Checked, Health

pytestmark = [pytest.mark.device, pytest.mark.envoy("health checks for others (HDS)")]


def specifier(*paths: str) -> HealthCheckSpecifier:
    check = HealthCheck(
        timeout=timedelta(seconds=0.5),
        interval=timedelta(seconds=0.2),
        no_traffic_interval=timedelta(seconds=0.2),
        unhealthy_threshold=2,
        healthy_threshold=2,
        reuse_connection=False,  # a server that goes away leaves old connections open
        http_health_check=HealthCheckHttpHealthCheck(path="/healthz"),
    )
    where = [Endpoint(address=Address(pipe=Pipe(path=path))) for path in paths]
    cluster = ClusterHealthCheck(
        cluster_name="shop",
        health_checks=[check],
        locality_endpoints=[LocalityEndpoints(endpoints=where)],
    )
    return HealthCheckSpecifier(cluster_health_checks=[cluster], interval=timedelta(seconds=0.2))


@contextmanager
def checker(directory: Path) -> Iterator[None]:
    """An Envoy that does nothing but check what it is told to."""
    cluster = {
        "name": "plane",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3"
                ".HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": "plane",
            "endpoints": [
                {
                    "lb_endpoints": [
                        {"endpoint": {"address": {"pipe": {"path": f"{directory}/ads.sock"}}}}
                    ]
                }
            ],
        },
    }
    config = {
        "node": {"id": "beside", "cluster": "tests"},
        "hds_config": {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": "plane"}}],
        },
        "static_resources": {"clusters": [cluster]},
    }
    path = directory / "checker.yaml"
    path.write_text(yaml.safe_dump(config))
    with running_envoy(path):
        yield


async def answers(proxy: Proxy, count: int = 12) -> Counter[tuple[int, str]]:
    return Counter([await proxy.fetch() for _ in range(count)])


@pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])
async def test_traffic_leaves_a_dead_endpoint_and_comes_back(delta: bool) -> None:
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(short_directory())
        cache, checks = SnapshotCache(), HealthChecks()
        await stack.enter_async_context(serve(cache, f"unix:{directory}/ads.sock", health=checks))
        red = await stack.enter_async_context(backend(directory, "red"))
        dying = AsyncExitStack()
        blue = await dying.enter_async_context(backend(directory, "blue"))
        cache.set_snapshot(
            "web-1",
            [
                make.listener("front", str(directory / "front.sock"), "shop"),
                make.route("shop", "shop"),
                make.cluster("shop"),
                make.endpoints("shop", red, blue),
            ],
        )
        checks.assign("beside", specifier(red, blue))
        stack.enter_context(checker(directory))
        proxy = stack.enter_context(envoy(directory, "web-1", delta=delta))
        dead = ("beside", Checked("shop", blue, 0))

        async def both_serve() -> bool:
            return (await answers(proxy)).keys() == {(200, "red"), (200, "blue")}

        async def red_alone() -> bool:
            return (await answers(proxy)).keys() == {(200, "red")}

        await eventually(lambda: checks.found().get(dead) is Health.HEALTHY, "it is checked")
        await eventually(both_serve, "both serve")
        await dying.aclose()
        Path(blue).unlink(missing_ok=True)
        await eventually(lambda: checks.found()[dead] in (Health.UNHEALTHY, Health.TIMEOUT), "dead")
        await eventually(red_alone, "traffic leaves the dead endpoint")
        assert (await answers(proxy, 50)).keys() == {(200, "red")}
        await stack.enter_async_context(backend(directory, "blue"))
        await eventually(lambda: checks.found()[dead] is Health.HEALTHY, "it is well again")
        await eventually(both_serve, "traffic comes back")
        checks.assign("beside", None)
        await eventually(lambda: not checks.found(), "nothing is checked any longer")
        await asyncio.sleep(0.3)
        assert await both_serve()

"""Two real Envoys and fsdn serve: one checks endpoints by HDS, the other is told what it found."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from yaml import safe_load

from tests.devices.test_folder_envoy import clusters, front, put, routes
from tests.devices.xds_proxy import (
    Load,
    Proxy,
    backend,
    envoy,
    short_directory,
    started,
)
from tests.serving import Serving
from tests.waiting import eventually

pytestmark = [pytest.mark.device, pytest.mark.envoy("health checks for others (HDS)")]
API = "type.googleapis.com/envoy."


def checks(*paths: str, cluster: str = "shop") -> str:
    check = {
        "timeout": "0.5s",
        "interval": "0.2s",
        "no_traffic_interval": "0.2s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 2,
        "reuse_connection": False,
        "http_health_check": {"path": "/healthz"},
    }
    endpoints = [{"address": {"pipe": {"path": path}}} for path in paths]
    one = {
        "cluster_name": cluster,
        "health_checks": [check],
        "locality_endpoints": [{"endpoints": endpoints}],
    }
    specifier = {"cluster_health_checks": [one], "interval": "0.2s"}
    return json.dumps({"@type": API + "service.health.v3.HealthCheckSpecifier", **specifier})


def assignment(*paths: str) -> str:
    members = [{"endpoint": {"address": {"pipe": {"path": path}}}} for path in paths]
    kind = API + "config.endpoint.v3.ClusterLoadAssignment"
    found = {"@type": kind, "cluster_name": "shop", "endpoints": [{"lb_endpoints": members}]}
    return json.dumps(found)


def checker(server: Serving, directory: Path) -> dict[str, Any]:
    """The bootstrap of an Envoy that checks, as the command line prints it."""
    socket = directory / "ads.sock"
    relay = ("--relay", str(socket)) if socket.exists() else ()
    told = server.fsdn(
        *("bootstrap", "sidecar", "--node", "beside", "--hds", *relay),
        *("--xds", f"127.0.0.1:{server.port('xds')}", "--admin", str(directory / "beside.admin")),
    )
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = safe_load(told.stdout)
    return found


async def answers(proxy: Proxy, count: int = 12) -> set[tuple[int, str]]:
    return set(Counter([await proxy.fetch() for _ in range(count)]))


def health(server: Serving) -> dict[str, str]:
    return {Path(one["endpoint"]).stem: one["health"] for one in server.ask("/v1/health")}


def _speakers(server: Serving) -> set[str]:
    """The nodes whose reports the server has heard since it started."""
    words = [word for one in server.ask("/v1/health") for word in one["checkers"]]
    return {word["node"] for word in words if word["heard"]}


async def fsdn(server: Serving, *arguments: str) -> str:
    """What a command prints; the backends, which are checked, answer meanwhile."""
    return (await asyncio.to_thread(server.fsdn, *arguments)).stdout


def balances(proxy: Proxy, *names: str) -> Callable[[], Any]:
    async def check() -> bool:
        return await answers(proxy) == {(200, name) for name in names}

    return check


@pytest.mark.parametrize(
    ("delta", "workers"), [(True, 1), (False, 1), (True, 2)], ids=["delta", "sotw", "workers"]
)
async def test_one_checks_and_the_other_sends_nothing_to_what_is_dead(
    delta: bool, workers: int
) -> None:
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(short_directory())
        folder = directory / "resources"
        for node in ("beside", "web-1"):
            (folder / node).mkdir(parents=True)
        red = await stack.enter_async_context(backend(directory, "red"))
        dying = AsyncExitStack()
        blue = await dying.enter_async_context(backend(directory, "blue"))
        own = folder / "web-1"
        put(own / "front.yaml", front(directory / "front.sock"))
        put(own / "routes.yaml", routes(1, "shop"))
        cluster = clusters(shop="").partition("---")[0]
        for node, paths in (("web-1", (red, blue)), ("beside", (red,))):
            put(folder / node / "shop.yaml", cluster + "---\n" + assignment(*paths))
        put(folder / "beside" / "checks.json", checks(red, blue))
        at = f"--xds-socket={directory / 'ads.sock'}" if workers == 1 else "--xds-workers=2"
        server = stack.enter_context(Serving(directory / "state", f"--resources={folder}", at))
        stack.enter_context(started(directory, "beside", checker(server, directory)))
        port = None if workers == 1 else server.port("xds")
        proxy = stack.enter_context(envoy(directory, "web-1", delta=delta, port=port))

        def settled() -> bool:
            return server.in_step("proxy/beside", "proxy/web-1")

        both = {"red": "HEALTHY", "blue": "HEALTHY"}
        await eventually(lambda: health(server) == both, "they are checked")
        await eventually(balances(proxy, "red", "blue"), "both serve")
        await eventually(settled, "all run what they should")
        before = {one["node"]: one for one in server.ask("/v1/proxies")}["beside"]["sent"]
        await dying.aclose()
        Path(blue).unlink(missing_ok=True)
        await eventually(lambda: health(server)["blue"] == "UNHEALTHY", "it is found dead")
        assert "fsdn_endpoints_unhealthy 1.0" in server.ask_text("/metrics")
        await eventually(balances(proxy, "red"), "traffic leaves it")
        await eventually(settled, "all run what they should")
        async with Load(proxy.front).running() as load:
            await asyncio.sleep(0.5)
        assert set(load.seen) == {(200, "red")}
        marked = await fsdn(server, "proxy", "config", "web-1", "endpoints", "-o", "json")
        assert "UNHEALTHY" in marked
        assert '"acked": true' in marked
        shown = await fsdn(server, "get", "health")
        assert "UNHEALTHY" in shown
        assert "beside" in shown
        after = {one["node"]: one for one in server.ask("/v1/proxies")}["beside"]["sent"]
        assert after == before, "a proxy without that endpoint is sent nothing"
        async with Load(proxy.front).running() as load:
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await eventually(settled, "both are back")
            await eventually(lambda: "beside" in _speakers(server), "the checker speaks again")
            await asyncio.sleep(1.0)
        assert set(load.seen) == {(200, "red")}, "a restart does not forget what is dead"
        assert health(server) == {"red": "HEALTHY", "blue": "UNHEALTHY"}
        sent = [kind["written"] for kind in server.devices()["proxy/web-1"]["types"]]
        assert set(sent) == {0}, "nothing is sent again"
        await stack.enter_async_context(backend(directory, "blue"))
        await eventually(lambda: health(server) == both, "it is well again")
        await eventually(balances(proxy, "red", "blue"), "traffic comes back")
        (folder / "beside" / "checks.json").unlink()
        await eventually(lambda: health(server) == {}, "nothing is checked any longer")
        await eventually(balances(proxy, "red", "blue"), "both serve still")
        await eventually(settled, "all run what they should")

"""A folder of plain Envoy YAML, served to real Envoys under load: edits, mistakes, a lost file."""

import json
from pathlib import Path

import pytest

from tests.devices.xds_proxy import Load, backend, envoy, short_directory
from tests.serving import Serving
from tests.waiting import eventually

pytestmark = [pytest.mark.device, pytest.mark.envoy("folders of plain Envoy YAML")]
API = "type.googleapis.com/envoy."
ADS = "{ads: {}, resource_api_version: V3}"


def clusters(**paths: str) -> str:
    """Clusters as a bootstrap has them, and their endpoints as documents."""
    lists = "static_resources:\n  clusters:\n"
    documents = ""
    for name, path in paths.items():
        lists += f"  - {{name: {name}, type: EDS, eds_cluster_config: {{eds_config: {ADS}}}}}\n"
        address = json.dumps({"pipe": {"path": path}})
        documents += (
            f'---\n"@type": {API}config.endpoint.v3.ClusterLoadAssignment\ncluster_name: {name}\n'
            f"endpoints: [{{lb_endpoints: [{{endpoint: {{address: {address}}}}}]}}]\n"
        )
    return lists + documents


def front(path: Path) -> str:
    manager = f"{API}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = f"{API}extensions.filters.http.router.v3.Router"
    return f"""
- "@type": {API}config.listener.v3.Listener
  name: front
  address: {{pipe: {{path: {path}}}}}
  filter_chains:
  - filters:
    - name: http
      typed_config:
        "@type": {manager}
        stat_prefix: front
        rds: {{route_config_name: shop, config_source: {ADS}}}
        http_filters: [{{name: router, typed_config: {{"@type": {router}}}}}]
"""


def routes(version: int, to: str) -> str:
    """Routes in the form that Envoy's own subscriptions to files have."""
    return f"""
version_info: "v{version}"
resources:
- "@type": {API}config.route.v3.RouteConfiguration
  name: shop
  virtual_hosts:
  - {{name: all, domains: ["*"], routes: [{{match: {{prefix: /}}, route: {{cluster: {to}}}}}]}}
"""


def put(path: Path, text: str) -> None:
    """Write as editors and deployments do: whole, by a rename."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(path)


@pytest.mark.parametrize("delta", [True, False])
async def test_a_folder_is_served_edited_and_kept_from_mistakes(delta: bool) -> None:
    with short_directory() as directory:
        folder = directory / "resources"
        own = folder / "web-1"
        own.mkdir(parents=True)
        options = ("--resources", str(folder), "--xds-socket", str(directory / "ads.sock"))
        async with backend(directory, "blue") as blue, backend(directory, "green") as green:
            put(folder / "all.yaml", clusters(blue=blue, green=green))
            put(own / "front.yaml", front(directory / "front.sock"))
            put(own / "routes.yaml", routes(1, "blue"))
            with (
                Serving(directory / "state", *options) as server,
                envoy(directory, "web-1", delta=delta) as proxy,
                envoy(directory, "guest", delta=delta) as guest,
            ):

                async def serves(name: str) -> bool:
                    return await proxy.fetch() == (200, name)

                def folder_state() -> str:
                    return str(server.ask("/v1/folders")[0]["state"])

                await eventually(lambda: serves("blue"), "blue serves")
                await eventually(lambda: {"blue", "green"} <= guest.clusters(), "a guest is served")
                assert "front" not in guest.ask("/listeners")
                async with Load(proxy.front).running() as load:
                    for version in range(2, 8):
                        name = ("blue", "green")[version % 2]
                        put(own / "routes.yaml", routes(version, name))
                        await eventually(lambda name=name: serves(name), f"{name} serves")
                    put(own / "routes.yaml", routes(8, "gren"))
                    await eventually(lambda: folder_state() == "refused", "a mistake is refused")
                    told = server.fsdn("status", "--check")
                    assert told.returncode == 1
                    assert "routes.yaml:5: FS6007" in told.stderr
                    (own / "routes.yaml").rename(directory / "routes.old")
                    (own / "front.yaml").rename(directory / "front.old")
                    (folder / "all.yaml").rename(directory / "all.old")
                    await eventually(
                        lambda: "would lose all" in server.fsdn("status").stderr, "loss is refused"
                    )
                    assert await serves("green")
                assert load.failures == {}
                assert len(load.seen) == 2
                (directory / "front.old").rename(own / "front.yaml")
                (directory / "all.old").rename(folder / "all.yaml")
                put(own / "routes.yaml", routes(8, "blue"))
                await eventually(lambda: serves("blue"), "blue serves again")
                explained = server.fsdn("proxy", "explain", "web-1", "shop").stdout
                assert f"because of {own / 'routes.yaml'}:5" in explained
                await eventually(
                    lambda: server.in_step("proxy/web-1", "proxy/guest"), "both have acknowledged"
                )
                shown = {one["node"]: one for one in server.ask("/v1/proxies")}
                sent = {one["type"].rpartition(".")[2]: one for one in shown["web-1"]["sent"]}
                assert sent["RouteConfiguration"]["acked"] == "v8"
                assert {one["state"] for one in sent.values()} == {"SYNCED"}
                assert shown["guest"]["device"]["state"] == "SYNCED"
            assert server.process is not None

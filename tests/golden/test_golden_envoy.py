"""Every story's proxies, as they were last looked at, and as a real Envoy reads them back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from yaml import safe_load_all

from tests.devices.clients import ENVOY
from tests.golden.looked_at import golden
from tests.golden.test_golden_plan import STORIES, compiled
from translators.envoy import EncodedResource, render, translate
from translators.envoy.rendering import as_dict


def _resources(story: Path) -> dict[str, tuple[EncodedResource, ...]]:
    plan = compiled(story).plan
    found = {host.name: translate(plan, host.name) for host in plan.hosts}
    return {name: resources for name, resources in found.items() if resources}


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_proxies_are_golden(story: Path) -> None:
    got = {f"{host}.yaml": render(resources) for host, resources in _resources(story).items()}
    golden(story / "expected" / "envoy", got)


def test_some_story_has_a_proxy() -> None:
    assert any(_resources(story) for story in STORIES)


GOLDENS = sorted(path for story in STORIES for path in story.glob("expected/envoy/*.yaml"))


def _id(path: Path) -> str:
    return f"{path.parents[2].name}-{path.stem}"


def _documents(path: Path) -> list[dict[str, Any]]:
    return [dict(document) for document in safe_load_all(path.read_text())]


@pytest.mark.parametrize("path", GOLDENS, ids=_id)
def test_the_golden_reads_back_as_the_resources(path: Path) -> None:
    resources = _resources(path.parents[2])[path.stem]
    assert _documents(path) == [as_dict(r.type_url, r.body) for r in resources]


@pytest.mark.device
@pytest.mark.envoy("compiled resources, examples/shop among them")
@pytest.mark.parametrize("path", GOLDENS, ids=_id)
def test_envoy_reads_the_golden(path: Path, tmp_path: Path) -> None:
    config = tmp_path / "static.json"
    config.write_text(json.dumps(static_bootstrap(_documents(path))))
    argv = [ENVOY, "--mode", "validate", "-c", str(config), "-l", "warning"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"configuration '{config}' OK" in done.stdout


def static_bootstrap(documents: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a bootstrap that holds the resources: routes and endpoints are put in their place."""
    kinds: dict[str, dict[str, dict[str, Any]]] = {}
    for document in documents:
        kind = document.pop("@type")
        name = document.get("name") or document["cluster_name"]
        kinds.setdefault(kind.rpartition(".")[2], {})[name] = document
    for listener in kinds["Listener"].values():
        for chain in listener["filter_chains"]:
            _inline_routes(chain, kinds["RouteConfiguration"])
    for name, cluster in kinds.get("Cluster", {}).items():
        if cluster.pop("eds_cluster_config", None) is None:
            continue
        cluster |= {"type": "STATIC", "load_assignment": kinds["ClusterLoadAssignment"][name]}
    clusters, listeners = list(kinds.get("Cluster", {}).values()), list(kinds["Listener"].values())
    return {"static_resources": {"clusters": clusters, "listeners": listeners}}


def _inline_routes(chain: dict[str, Any], routes: dict[str, dict[str, Any]]) -> None:
    for network_filter in chain["filters"]:
        config = network_filter["typed_config"]
        if "rds" in config:
            config["route_config"] = routes[config.pop("rds")["route_config_name"]]

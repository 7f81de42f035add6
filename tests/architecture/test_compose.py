"""The compose file stays in step with the policy that it runs and with what its images hold."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration.bed.layout import MANAGEMENT, Layout
from integration.compose.node import cables
from translators.compiler.pipeline import compile_policy
from translators.plan.model import Plan
from translators.policy.load import load

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "integration" / "compose"
UNPRIVILEGED = ("controller", "postgres", "policy", "prometheus", "load")


def _filled(text: str) -> str:
    """Put in the defaults of variables, as Compose does."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


FILE: dict[str, Any] = yaml.safe_load(_filled((ROOT / "docker-compose.yml").read_text()))
SERVICES: dict[str, Any] = FILE["services"]


@pytest.fixture(scope="module")
def plan() -> Plan:
    sources = [*(ROOT / "examples/shop").glob("*.yaml"), *(COMPOSE / "policy").glob("*.yaml")]
    documents = [d for f in sorted(sources) for d in load(f.read_text(), f.name).documents]
    return compile_policy(documents).plan


def _ends() -> dict[str, set[tuple[str, str]]]:
    """Return for each network the (service, port) pairs that its cable has as ends."""
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in FILE["networks"]}
    for service, told in SERVICES.items():
        environment = told.get("environment", {})
        ports = {a: p for p, a in cables(environment.get("FSDN_CABLES", "")).items()}
        for network, at in _networks(told).items():
            if at.get("ipv4_address") in ports:
                found[network].add((service, ports[at["ipv4_address"]]))
    return {network: ends for network, ends in found.items() if ends}


def _networks(told: dict[str, Any]) -> dict[str, Any]:
    networks = told.get("networks", {})
    return networks if isinstance(networks, dict) else {name: {} for name in networks}


def test_there_is_a_cable_for_each_link_and_host_and_no_other(plan: Plan) -> None:
    wanted = {frozenset((link.a, link.b)) for link in plan.links}
    wanted |= {
        frozenset(((host.switch, host.switch_port), (host.name, "fabric"))) for host in plan.hosts
    }
    wanted.add(frozenset((("host3", "gateway"), ("gateway", "front"))))
    assert {frozenset(ends) for ends in _ends().values()} == wanted


def test_devices_have_the_addresses_of_the_layout(plan: Plan) -> None:
    layout = Layout(plan, "fsdn", Path())
    for device in layout.managed:
        at = SERVICES[device]["networks"]["management"]["ipv4_address"]
        assert f"{at}/24" == layout.management_address(device)
        assert SERVICES[device]["environment"]["FSDN_NODE"] == device
    assert SERVICES["controller"]["networks"]["management"]["ipv4_address"] == layout.controller
    assert FILE["networks"]["management"]["ipam"]["config"][0]["subnet"] == f"{MANAGEMENT}0/24"


def test_no_network_overlaps_another_or_the_policys(plan: Plan) -> None:
    configs = [net["ipam"]["config"][0] for net in FILE["networks"].values()]
    subnets = [ip_network(config["subnet"]) for config in configs]
    subnets += [s for segment in plan.segments for s in segment.subnets]
    subnets += [host.tunnel.network for host in plan.hosts if host.tunnel]
    same = [(a, b) for a in subnets for b in subnets if a is not b and a.version == b.version]
    assert not [(a, b) for a, b in same if a.overlaps(b)]


def test_every_address_is_given_once_and_lies_in_its_network() -> None:
    given = [
        (network, at["ipv4_address"])
        for told in SERVICES.values()
        for network, at in _networks(told).items()
        if at and "ipv4_address" in at
    ]
    assert len(set(given)) == len(given)
    for network, address in given:
        subnet = FILE["networks"][network]["ipam"]["config"][0]["subnet"]
        assert ip_address(address) in ip_network(subnet), (network, address)


def test_what_is_published_leads_to_the_network_that_sorts_first() -> None:
    for name, told in SERVICES.items():
        if "ports" in told:
            outer = set(_networks(told)) - {"management"}
            assert min(outer) == "access", name


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_only_what_it_needs(service: str) -> None:
    told = SERVICES[service]
    assert "privileged" not in told
    if service == "grafana":  # an image that is not ours
        return
    assert told["cap_drop"] == ["ALL"]
    if service in UNPRIVILEGED:
        assert "cap_add" not in told
        assert told["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"keys", "policy"}))
def test_each_service_that_stays_is_checked(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]


def test_each_container_mounts_its_own_keys_alone() -> None:
    made = {entry.split(":")[0] for entry in SERVICES["keys"]["command"]}
    for service, told in SERVICES.items():
        mounted = [v.split(":") for v in told.get("volumes", ()) if v.startswith("keys-")]
        if service != "keys":
            name = "operator" if service == "policy" else service
            assert mounted in ([], [[f"keys-{name}", "/run/keys", "ro"]]), service
            assert not mounted or name in made, service
    assert {f"keys-{name}" for name in made} < set(FILE["volumes"])


def test_no_secret_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(
        r"password(?!__FILE)[^\n]*[=:]\s*\S", text.replace("the password", ""), re.I
    )


def test_dashboards_ask_for_metrics_that_exist() -> None:
    known = (ROOT / "docs/reference/metrics.md").read_text()
    board = json.loads((COMPOSE / "grafana/dashboards/fsdn.json").read_text())
    asked = " ".join(t["expr"] for panel in board["panels"] for t in panel["targets"])
    names = set(re.findall(r"\bfsdn_\w+", asked))
    assert names
    for name in names:
        assert f"`{name.removesuffix('_bucket')}`" in known, name


def test_grafana_is_provisioned_with_what_is_mounted() -> None:
    provisioning = COMPOSE / "grafana/provisioning"
    source = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())
    board = json.loads((COMPOSE / "grafana/dashboards/fsdn.json").read_text())
    uids = {panel["datasource"]["uid"] for panel in board["panels"]}
    assert uids == {entry["uid"] for entry in source["datasources"]}
    provider = yaml.safe_load((provisioning / "dashboards/fsdn.yaml").read_text())
    path = provider["providers"][0]["options"]["path"]
    assert any(f":{path}:ro" in volume for volume in SERVICES["grafana"]["volumes"])


@pytest.mark.parametrize("path", sorted((ROOT / "integration/images").glob("*ockerfile")), ids=str)
def test_images_pin_what_they_install(path: Path) -> None:
    text = path.read_text().replace("\\\n", " ")
    for packages in re.findall(r"apt-get install -y -qq --no-install-recommends ([^>]*)>", text):
        assert re.fullmatch(r"(\s*'[a-z0-9.-]+=[^']+')+\s*", packages), packages
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.M))
    assert set(re.findall(r"^FROM (\S+)", text, re.M)) <= {"debian:bookworm-slim", *stages}


def test_the_environment_file_names_every_variable() -> None:
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", (ROOT / "docker-compose.yml").read_text()))
    lines = (ROOT / ".env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given.pop("COMPOSE_PROJECT_NAME") == "fsdn"
    assert given == used

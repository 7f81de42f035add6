from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from integration.bed.netns import BedError
from integration.compose import node

ROOT = Path(__file__).parents[4]


def test_cables_are_ports_with_the_addresses_that_docker_gave() -> None:
    assert node.cables("leaf1=192.0.2.2 leaf2=192.0.2.10") == {
        "leaf1": "192.0.2.2",
        "leaf2": "192.0.2.10",
    }
    assert node.cables("") == {}


def test_a_cable_without_its_network_is_named() -> None:
    with pytest.raises(BedError, match=r"no interface has 192\.0\.2\.2.*port leaf1"):
        node.plug({"leaf1": "192.0.2.2"}, {"192.0.2.3": "eth0"})


def test_what_is_mounted_compiles_to_the_beds_plan(tmp_path: Path) -> None:
    for source in ("examples/shop", "integration/compose/policy"):
        shutil.copytree(ROOT / source, tmp_path / Path(source).name)
    plan = node.plan_of(tmp_path)
    assert [host.name for host in plan.hosts] == ["host1", "host2", "host3"]
    assert plan.endpoint["shop/gateway"].host == "host3"


def test_a_policy_without_a_plan_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("apiVersion: fsdn/v1\nkind: Hots\nmetadata: {name: a}\n")
    with pytest.raises(BedError, match=r"bad\.yaml:2"):
        node.plan_of(tmp_path)

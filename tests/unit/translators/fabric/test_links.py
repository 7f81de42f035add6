"""The Linux devices of the shop's switches."""

import json
from typing import Any

from tests.plans import shop_plan
from translators.fabric.links import render
from translators.fabric.model import switch_model


def _devices(name: str) -> dict[str, dict[str, Any]]:
    document = json.loads(render(switch_model(shop_plan(), name)))
    assert document["switch"] == name
    return {device["name"]: device for device in document["devices"]}


def test_each_vni_has_a_bridge_and_a_vxlan_device_from_the_loopback() -> None:
    devices = _devices("leaf1")
    assert devices["br10010"]["kind"] == "bridge"
    vxlan = devices["vx10010"]
    assert (vxlan["vni"], vxlan["local"], vxlan["port"]) == (10010, "10.254.0.11", 4789)
    assert {devices[n]["mtu"] for n in ("br10010", "vx10010", "bare1")} == {1400}
    assert devices["bare1"]["bridge"] == vxlan["bridge"] == "br10010"


def test_the_host_finds_its_gateway() -> None:
    assert _devices("leaf1")["host1"]["addresses"] == ["10.255.1.1/30"]
    assert _devices("leaf1")["lo"]["addresses"] == ["10.254.0.11/32"]


def test_a_spine_has_only_uplinks_and_its_loopback() -> None:
    kinds = sorted(device["kind"] for device in _devices("spine1").values())
    assert kinds == ["loopback", "uplink", "uplink"]


def test_every_device_says_where_it_comes_from() -> None:
    causes = {name: device["cause"] for name, device in _devices("leaf1").items()}
    assert causes["vx10010"] == "segment shop/front"
    assert causes["spine1"] == "link spine1-leaf1"
    assert causes["host1"] == "host host1"


def test_the_text_is_canonical() -> None:
    text = render(switch_model(shop_plan(), "leaf1"))
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"

"""FRR's configuration of the shop's switches, statement by statement; goldens hold the whole."""

from dataclasses import replace

from tests.plans import shop_plan
from translators.fabric.frr import render
from translators.fabric.model import switch_model

LEAF, SPINE = switch_model(shop_plan(), "leaf1"), switch_model(shop_plan(), "spine1")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def test_sessions_are_unnumbered_with_bfd_and_named_after_their_cable() -> None:
    lines = _lines(render(LEAF))
    assert "neighbor spine1 interface peer-group FABRIC" in lines
    assert "neighbor spine1 description fsdn link spine1-leaf1" in lines
    assert "neighbor FABRIC bfd" in lines
    assert "neighbor FABRIC remote-as external" in lines


def test_a_leaf_announces_its_loopback_and_its_hosts() -> None:
    networks = [line for line in _lines(render(LEAF)) if line.startswith("network ")]
    assert networks == ["network 10.254.0.11/32", "network 10.255.1.0/30"]


def test_only_leaves_have_vnis_each_with_its_target() -> None:
    lines = _lines(render(LEAF))
    at = lines.index("vni 10010")
    assert lines[at - 1] == "advertise-all-vni"
    assert lines[at + 1 : at + 4] == [
        "route-target import 64512:10010",
        "route-target export 64512:10010",
        "exit-vni",
    ]
    assert not [line for line in _lines(render(SPINE)) if "vni" in line]


def test_a_leaf_without_vnis_is_ready_for_one() -> None:
    lines = _lines(render(replace(LEAF, vnis=())))
    assert "advertise-all-vni" in lines
    assert not [line for line in lines if line.startswith("vni ")]


def test_kernel_nexthop_objects_are_off() -> None:
    assert "no zebra nexthop kernel enable" in _lines(render(SPINE))

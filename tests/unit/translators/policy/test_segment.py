import pytest

from tests.unit.translators.policy.specimens import good, refused


def test_defaults() -> None:
    spec = good("Segment").spec
    assert (spec.mtu, spec.vlan, spec.services) == (1400, None, [])
    assert spec.router is None


@pytest.mark.parametrize(
    ("field", "value", "code", "path"),
    [
        ("vni", 0, "FS1012", "spec.vni"),
        ("vni", 2**24, "FS1012", "spec.vni"),
        ("vni", "10", "FS1012", "spec.vni"),
        ("vni", True, "FS1012", "spec.vni"),
        ("vlan", 4095, "FS1012", "spec.vlan"),
        ("mtu", 1279, "FS1012", "spec.mtu"),
        ("subnets", [], "FS1012", "spec.subnets"),
        ("gateways", ["10.0.1.1"], "FS2008", "spec.gateways[0]"),
        ("gateways", ["10.0.0.1", "fd01::1"], "FS2008", "spec.gateways[1]"),
        ("services", ["10.0.0.0/23"], "FS2008", "spec.services[0]"),
        ("services", ["fd01::/120"], "FS2008", "spec.services[0]"),
    ],
)
def test_refusals(field: str, value: object, code: str, path: str) -> None:
    assert refused("Segment", **{field: value}) == [(code, path)]


def test_a_router_needs_a_gateway_for_each_family() -> None:
    assert refused("Segment", router="main") == [("FS2021", "spec.router")]
    assert good("Segment", router="main", gateways=["10.0.0.1", "fd00::1"]).spec.router == "main"

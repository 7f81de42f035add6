import pytest

from tests.properties.worlds import Thing
from tests.unit.translators.compiler.small import compiled, host, thing
from translators.fabric import translate

SPINE = thing("Switch", "spine1", {"role": "spine", "asn": 1, "loopback": "10.254.0.1"})


def leaf(*ports: str) -> Thing:
    bare = [{"name": name, "segment": "shop/front"} for name in ports]
    spec = {"role": "leaf", "asn": 2, "loopback": "10.254.0.2", "ports": bare}
    return thing("Switch", "leaf1", spec)


def found(*more: Thing) -> list[tuple[str, str]]:
    return [(d.code, d.path) for d in compiled(*more).diagnostics]


def link(port: str) -> Thing:
    ends = [{"switch": "spine1", "port": "down"}, {"switch": "leaf1", "port": port}]
    return thing("Link", "cable", {"ends": ends})


def vni() -> int:
    (front,) = compiled().plan.segments
    return front.vni


@pytest.mark.parametrize("name", ["lo", "br{}", "vx{}"])
def test_a_bare_port_cannot_be_what_the_fabric_makes(name: str) -> None:
    assert found(leaf("swp1", name.format(vni()))) == [("FS9006", "spec.ports[1].name")]


@pytest.mark.parametrize("name", ["lo", "br{}", "vx{}"])
def test_neither_can_a_cable_or_an_uplink(name: str) -> None:
    name = name.format(vni())
    assert found(SPINE, leaf("swp1"), link(name)) == [("FS9006", "spec.ends[1].port")]
    up = host("host2", 2, uplink={"switch": "leaf1", "port": name})
    assert found(leaf("swp1"), up) == [("FS9006", "spec.uplink.port")]


def test_a_name_that_this_switch_does_not_need_is_free() -> None:
    for switch, cable in ((leaf(), link(f"br{vni()}")), (leaf("br1"), link("vx1"))):
        result = compiled(SPINE, switch, cable)
        assert result.diagnostics == ()
        assert translate(result.plan, "leaf1").links

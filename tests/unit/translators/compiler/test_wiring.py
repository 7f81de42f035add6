from tests.properties.worlds import Thing
from tests.unit.translators.compiler.small import compiled, host, service, thing, workload

SPINE = thing("Switch", "spine1", {"role": "spine", "asn": 1, "loopback": "10.254.0.1"})


def found(*more: Thing) -> list[tuple[str, str]]:
    return [(d.code, d.path) for d in compiled(*more).diagnostics]


def test_addresses_lie_in_their_segment() -> None:
    away = workload("x", 50, "x", addresses=["10.10.0.50", "10.11.0.50"])
    assert found(away) == [("FS2008", "spec.addresses[1]")]
    assert found(service(addresses=["fd11::1"])) == [("FS2008", "spec.addresses[0]")]


def test_uplinks_lead_to_leaves_that_exist() -> None:
    up = host("host2", 2, uplink={"switch": "spine1", "port": "h"})
    assert found(up, SPINE) == [("FS9005", "spec.uplink.switch")]
    assert found(up) == [("FS9001", "spec.uplink.switch")]


def test_links_join_switches_that_exist() -> None:
    ends = [{"switch": "spine1", "port": "a"}, {"switch": "spine9", "port": "b"}]
    (finding,) = compiled(SPINE, thing("Link", "up", {"ends": ends})).diagnostics
    assert (finding.code, finding.path) == ("FS9001", "spec.ends[1].switch")
    assert finding.mend == "did you mean spine1?"


def test_bare_ports_belong_to_segments_that_exist() -> None:
    ports = [{"name": "b1", "segment": "shop/nowhere"}, {"name": "b2", "segment": "front"}]
    leaf = {"role": "leaf", "asn": 1, "loopback": "10.254.0.1", "ports": ports}
    assert sorted(found(thing("Switch", "leaf1", leaf))) == [
        ("FS1101", "spec.ports[0].segment"),
        ("FS1101", "spec.ports[1].segment"),
    ]

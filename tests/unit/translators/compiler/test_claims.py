import pytest

from tests.properties.worlds import Thing
from tests.unit.translators.compiler.small import compiled, host, segment, service, thing, workload


def claims(*more: Thing) -> list[tuple[str, str]]:
    return [(d.code, d.path) for d in compiled(*more).diagnostics]


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ([segment("back", 20, vni=1010)], "FS2001", "spec.vni"),
        ([segment("a", 20, vlan=7), segment("b", 30, vlan=7)], "FS2002", "spec.vlan"),
        ([host("host2", 1)], "FS2003", "spec.datapathId"),
        ([workload("x", 50, "x", port="web")], "FS2004", "spec.port"),
        ([workload("x", 50, "x", port="fsdn-proxy")], "FS2004", "spec.port"),
        ([workload("x", 50, "x", mac="02:00:00:00:00:0B")], "FS2005", "spec.mac"),
        ([workload("x", 50, "x", addresses=["10.10.0.11"])], "FS2006", "spec.addresses[0]"),
        ([workload("x", 50, "x", addresses=["10.10.0.50"] * 2)], "FS2006", "spec.addresses[1]"),
        ([service(addresses=["fd10:10::11"])], "FS4006", "spec.addresses[0]"),
        (
            [service(addresses=["10.10.0.99"]), service("b", addresses=["10.10.0.99"])],
            "FS4006",
            "spec.addresses[0]",
        ),
    ],
)
def test_what_only_one_may_have(more: list[Thing], code: str, path: str) -> None:
    assert claims(*more) == [(code, path)]


def test_a_gateway_is_taken_too() -> None:
    back = segment("back", 20, gateways=["10.20.0.1"])
    thief = workload("x", 50, "x", segment="back", addresses=["10.20.0.1"])
    assert claims(back, thief) == [("FS2006", "spec.addresses[0]")]


def test_a_service_loses_to_a_workload_that_stands_later() -> None:
    late = workload("x", 50, "x", addresses=["10.10.0.99"])
    (found,) = compiled(service(addresses=["10.10.0.99"]), late).diagnostics
    assert found.code == "FS4006"
    assert "workload shop/x" in found.message


def test_addresses_are_unique_across_tenants() -> None:
    other = segment("lan", 10, vni=77)
    other["metadata"]["tenant"] = "rival"
    spy = workload("spy", 11, "x", segment="lan", mac="02:00:00:00:00:99")
    spy["metadata"]["tenant"] = "rival"
    found = compiled(thing("Tenant", "rival", {}), other, spy).diagnostics
    assert [d.code for d in found] == ["FS2006", "FS2006"]
    assert "across tenants" in found[0].mend


def switch(name: str, role: str, asn: int, last: int, *ports: str) -> Thing:
    spec: Thing = {"role": role, "asn": asn, "loopback": f"10.254.0.{last}"}
    if ports:
        spec["ports"] = [{"name": port, "segment": "shop/front"} for port in ports]
    return thing("Switch", name, spec)


def test_spines_share_an_asn_leaves_do_not() -> None:
    spines = [switch("s1", "spine", 1, 1), switch("s2", "spine", 1, 2)]
    assert claims(*spines, switch("l1", "leaf", 2, 3)) == []
    assert claims(*spines, switch("l1", "leaf", 1, 3)) == [("FS9003", "spec.asn")]
    assert claims(switch("l1", "leaf", 2, 3), switch("l2", "leaf", 2, 4)) == [
        ("FS9003", "spec.asn")
    ]


def test_switch_ports_and_loopbacks() -> None:
    assert claims(switch("l1", "leaf", 1, 1, "b", "b")) == [("FS9002", "spec.ports[1].name")]
    assert claims(switch("l1", "leaf", 1, 1), switch("l2", "leaf", 2, 1)) == [
        ("FS9004", "spec.loopback")
    ]
    up = host("host2", 2, uplink={"switch": "l1", "port": "b"})
    assert claims(up, switch("l1", "leaf", 1, 1, "b")) == [("FS9002", "spec.ports[0].name")]
    tunnels = [host(f"h{n}", n, tunnel={"address": "10.255.0.2/30"}) for n in (2, 3)]
    assert claims(*tunnels) == [("FS2009", "spec.tunnel.address")]

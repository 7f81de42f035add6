import pytest

from tests.unit.translators.policy.specimens import good, refused

WAY = {
    "port": "eth1",
    "mac": "02:00:00:00:ee:01",
    "addresses": ["192.0.2.1"],
    "gatewayMac": "02:00:00:00:ee:fe",
}


def test_defaults() -> None:
    spec = good("Host", tunnel=..., uplink=...).spec
    assert spec.bridge == "br-int"
    assert (spec.ports.proxy, spec.ports.tunnel) == ("fsdn-proxy", "fsdn-tun")
    assert (spec.tunnel, spec.uplink) == (None, None)


@pytest.mark.parametrize(
    ("field", "value", "code", "path"),
    [
        ("datapathId", 1, "FS1012", "spec.datapathId"),
        ("bridge", "a" * 16, "FS1012", "spec.bridge"),
        ("tunnel", {"address": "10.0.0.1"}, "FS1012", "spec.tunnel.address"),
        (
            "tunnel",
            {"address": "10.0.0.1/30", "gateway": "10.0.1.1"},
            "FS1012",
            "spec.tunnel.gateway",
        ),
        (
            "tunnel",
            {"address": "10.0.0.1/30", "gateway": "10.0.0.1"},
            "FS1012",
            "spec.tunnel.gateway",
        ),
        ("ports", {"proxy": "fsdn-tun"}, "FS2004", "spec.ports"),
        ("uplink", {"switch": "leaf1"}, "FS1011", "spec.uplink.port"),
        ("external", {**WAY, "addresses": []}, "FS1012", "spec.external.addresses"),
        (
            "external",
            {**WAY, "addresses": ["192.0.2.1", "2001:db8::2", "192.0.2.2"]},
            "FS1012",
            "spec.external.addresses[2]",
        ),
        ("external", {**WAY, "mac": "ff:ff:ff:ff:ff:ff"}, "FS1012", "spec.external.mac"),
        ("capabilities", ["l2vni"], "FS1013", "spec.capabilities"),
    ],
)
def test_refusals(field: str, value: object, code: str, path: str) -> None:
    assert refused("Host", **{field: value}) == [(code, path)]

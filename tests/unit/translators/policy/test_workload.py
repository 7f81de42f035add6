import pytest

from tests.unit.translators.policy.specimens import good, refused


def test_a_workload_uses_its_hosts_proxy_unless_said() -> None:
    assert good("Workload").spec.proxy == "node"
    assert good("Workload", proxy="none").spec.proxy == "none"


def test_a_port_may_be_an_interface_or_an_orchestrators_id() -> None:
    assert good("Workload", port="tap-7.1").spec.port == "tap-7.1"
    named = "iface-id=" + "6f2b9c1e-5a55-4f5c-9d24-0c8f0d3f8f11"
    assert good("Workload", port=named).spec.port == named


@pytest.mark.parametrize(
    ("field", "value", "code", "path"),
    [
        ("addresses", [], "FS1012", "spec.addresses"),
        ("addresses", ["10.0.0.2", "127.0.0.1"], "FS2007", "spec.addresses[1]"),
        ("mac", "ff:ff:ff:ff:ff:ff", "FS1012", "spec.mac"),
        ("port", "a" * 16, "FS1012", "spec.port"),
        ("port", "iface-id=", "FS1012", "spec.port"),
        ("port", "iface-id=a b", "FS1012", "spec.port"),
        ("port", "iface-ids=a", "FS1012", "spec.port"),
        ("proxy", "sidecar", "FS1013", "spec.proxy"),
        ("host", ..., "FS1011", "spec.host"),
        ("segment", "a/b/c", "FS1012", "spec.segment"),
    ],
)
def test_refusals(field: str, value: object, code: str, path: str) -> None:
    assert refused("Workload", **{field: value}) == [(code, path)]

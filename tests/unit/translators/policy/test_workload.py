import pytest

from tests.unit.translators.policy.specimens import good, refused


def test_a_workload_uses_its_hosts_proxy_unless_said() -> None:
    assert good("Workload").spec.proxy == "node"
    assert good("Workload", proxy="none").spec.proxy == "none"


@pytest.mark.parametrize(
    ("field", "value", "code", "path"),
    [
        ("addresses", [], "FS1012", "spec.addresses"),
        ("addresses", ["10.0.0.2", "127.0.0.1"], "FS2007", "spec.addresses[1]"),
        ("mac", "ff:ff:ff:ff:ff:ff", "FS1012", "spec.mac"),
        ("port", "a" * 16, "FS1012", "spec.port"),
        ("proxy", "sidecar", "FS1013", "spec.proxy"),
        ("host", ..., "FS1011", "spec.host"),
        ("segment", "a/b/c", "FS1012", "spec.segment"),
    ],
)
def test_refusals(field: str, value: object, code: str, path: str) -> None:
    assert refused("Workload", **{field: value}) == [(code, path)]

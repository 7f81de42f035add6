import pytest

from tests.unit.translators.policy.specimens import good, refused


def test_a_leaf_has_bare_ports() -> None:
    (port,) = good("Switch", ports=[{"name": "bare1", "segment": "shop/front"}]).spec.ports
    assert port.segment == "shop/front"


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"role": "core"}, "FS1012", "spec.role"),
        ({"asn": 0}, "FS1012", "spec.asn"),
        ({"asn": 2**32 - 1}, "FS1012", "spec.asn"),
        ({"loopback": "fd00::1"}, "FS1012", "spec.loopback"),
        ({"loopback": "127.0.0.1"}, "FS2007", "spec.loopback"),
        ({"dialect": "sonic"}, "FS1013", "spec.dialect"),
        (
            {"role": "spine", "ports": [{"name": "b", "segment": "shop/front"}]},
            "FS9005",
            "spec.ports",
        ),
    ],
)
def test_refusals(fields: dict[str, object], code: str, path: str) -> None:
    assert refused("Switch", **fields) == [(code, path)]

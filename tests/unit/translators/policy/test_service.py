import pytest

from tests.unit.translators.policy.specimens import good, refused

HTTP = {"name": "http", "port": 80, "protocol": "http"}


def test_udp_and_tcp_share_a_port_number() -> None:
    ports = [HTTP, {"name": "quic", "port": 80, "protocol": "udp"}]
    assert len(good("Service", ports=ports).spec.ports) == 2


def test_protocol_is_tcp_unless_said() -> None:
    (port,) = good("Service").spec.ports
    assert (port.protocol, port.target_port) == ("tcp", None)


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"ports": []}, "FS1012", "spec.ports"),
        ({"ports": [HTTP, {"name": "b", "port": 80}]}, "FS4012", "spec.ports[1]"),
        ({"ports": [HTTP, {"name": "http", "port": 81}]}, "FS4012", "spec.ports[1]"),
        ({"ports": [{**HTTP, "port": 0}]}, "FS1012", "spec.ports[0].port"),
        ({"ports": [{**HTTP, "protocol": "websocket"}]}, "FS1013", "spec.ports[0].protocol"),
        ({"selector": ...}, "FS1011", "spec"),
        ({"selector": {}}, "FS1012", "spec.selector"),
        ({"endpoints": ["a"]}, "FS1015", "spec.endpoints"),
        ({"addresses": []}, "FS1012", "spec.addresses"),
        ({"hostnames": ["*.x"]}, "FS1012", "spec.hostnames[0]"),
        ({"subsets": {"v1": {}}}, "FS1012", "spec.subsets.v1"),
        ({"subsets": {"v1": {"version": 1}}}, "FS1012", "spec.subsets.v1.version"),
        ({"loadBalancing": {}}, "FS1013", "spec.loadBalancing"),
    ],
)
def test_refusals(fields: dict[str, object], code: str, path: str) -> None:
    assert refused("Service", **fields) == [(code, path)]

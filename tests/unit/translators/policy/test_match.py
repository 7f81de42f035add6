import pytest

from tests.unit.translators.policy.specimens import good, refused


def refusal(match: dict[str, object]) -> list[tuple[str, str]]:
    prefix = "spec.rules[0].match."
    found = refused("Policy", rules=[{"match": match, "action": "allow"}])
    return [(code, path.removeprefix(prefix)) for code, path in found]


@pytest.mark.parametrize(
    "match",
    [
        {"tcp": {"ports": [80, "8000-8100"]}},
        {"udp": {}},
        {"icmp": {}, "ip": {"family": "ipv6"}},
        {"ip": {"protocol": 132}},
        {"http": {"methods": ["GET"]}, "tcp": {"ports": [80]}, "ip": {"family": "ipv4"}},
        {"http": {"path": {"exact": "/"}, "query": {"v": {"present": True}}}},
        {"http": {"headers": {"X-A": {"exact": ""}}, "hosts": ["a.example"]}},
    ],
)
def test_good_matches(match: dict[str, object]) -> None:
    assert good("Policy", rules=[{"match": match, "action": "allow"}])


@pytest.mark.parametrize(
    ("match", "code", "path"),
    [
        ({"tcp": {"ports": [0]}}, "FS1012", "tcp.ports[0]"),
        ({"tcp": {"ports": ["90-80"]}}, "FS1012", "tcp.ports[0]"),
        ({"tcp": {"ports": ["80"]}}, "FS1012", "tcp.ports[0]"),
        ({"tcp": {"ports": [True]}}, "FS1012", "tcp.ports[0]"),
        ({"tcp": {"ports": ["1-65536"]}}, "FS1012", "tcp.ports[0]"),
        ({"tcp": {}, "udp": {}}, "FS1015", "udp"),
        ({"ip": {"protocol": 6}, "tcp": {}}, "FS1015", "tcp"),
        ({"ip": {"protocol": 6}, "http": {}}, "FS1015", "http"),
        ({"udp": {}, "http": {}}, "FS1015", "http"),
        ({"ip": {}}, "FS1011", "ip"),
        ({"ip": {"family": "ipv4", "protocol": 58}}, "FS1012", "ip.protocol"),
        ({"ip": {"protocol": 256}}, "FS1012", "ip.protocol"),
        ({"http": {"path": {}}}, "FS1011", "http.path"),
        ({"http": {"path": {"exact": "/a", "prefix": "/a"}}}, "FS1015", "http.path.prefix"),
        ({"http": {"path": {"prefix": "a"}}}, "FS1012", "http.path.prefix"),
        ({"http": {"path": {"prefix": "/a/../b"}}}, "FS1012", "http.path.prefix"),
        ({"http": {"path": {"prefix": "/a//b"}}}, "FS1012", "http.path.prefix"),
        ({"http": {"path": {"prefix": "/a?b"}}}, "FS1012", "http.path.prefix"),
        ({"http": {"path": {"exact": "/a%2Fb"}}}, "FS1012", "http.path.exact"),
        ({"http": {"path": {"exact": "/\u00e4"}}}, "FS1012", "http.path.exact"),
        (
            {"http": {"headers": {"A": {"exact": "1"}, "a": {"exact": "1"}}}},
            "FS1015",
            "http.headers",
        ),
        ({"http": {"headers": {"Host": {"exact": "1"}}}}, "FS1012", "http.headers"),
        ({"http": {"headers": {"a": {"exact": "b\n"}}}}, "FS1012", "http.headers.a.exact"),
        ({"http": {"headers": {"a": {"present": False}}}}, "FS1012", "http.headers.a.present"),
        ({"http": {"query": {}}}, "FS1012", "http.query"),
        ({"http": {"cookies": {}}}, "FS1013", "http.cookies"),
    ],
)
def test_refusals(match: dict[str, object], code: str, path: str) -> None:
    assert refusal(match) == [(code, path)]

from typing import Any

import pytest

from translators.compiler.matches import http_of, route_of, transport_of
from translators.plan.model import (
    Compare,
    HttpMatch,
    PortRange,
    Route,
    Share,
    StringMatch,
    Transport,
)
from translators.policy.match import HttpMatch as HttpModel
from translators.policy.match import Match
from translators.policy.policy import Route as RouteModel


@pytest.mark.parametrize(
    ("match", "transport"),
    [
        ({}, Transport()),
        ({"http": {}}, Transport()),
        ({"icmp": {}}, Transport(None, 1)),
        ({"icmp": {}, "ip": {"family": "ipv6"}}, Transport(6, 1)),
        ({"ip": {"protocol": 58}}, Transport(6, 1)),
        ({"ip": {"protocol": 1}}, Transport(4, 1)),
        ({"ip": {"protocol": 132, "family": "ipv4"}}, Transport(4, 132)),
        ({"tcp": {}}, Transport(None, 6)),
        ({"udp": {"ports": [53]}}, Transport(None, 17, (PortRange(53, 53),))),
        (
            {"tcp": {"ports": [90, "70-80", 81, "75-79", 80]}},
            Transport(None, 6, (PortRange(70, 81), PortRange(90, 90))),
        ),
    ],
)
def test_transports(match: dict[str, Any], transport: Transport) -> None:
    assert transport_of(Match.model_validate(match)) == transport


def test_http_is_sorted_and_headers_are_lower_case() -> None:
    model = HttpModel.model_validate(
        {
            "hosts": ["b.example", "a.example"],
            "methods": ["PUT", "GET", "PUT"],
            "path": {"prefix": "/a"},
            "headers": {"X-B": {"present": True}, "X-A": {"exact": "1"}},
            "query": {"V": {"prefix": "2"}},
        }
    )
    assert http_of(model) == HttpMatch(
        hosts=("a.example", "b.example"),
        path=StringMatch(Compare.PREFIX, "/a"),
        methods=("GET", "PUT"),
        headers=(
            ("x-a", StringMatch(Compare.EXACT, "1")),
            ("x-b", StringMatch(Compare.PRESENT)),
        ),
        query=(("V", StringMatch(Compare.PREFIX, "2")),),
    )
    assert http_of(None) is None
    assert http_of(HttpModel()) == HttpMatch()


def test_shares_of_one_subset_are_added_up() -> None:
    shares = [{"subset": "v2", "weight": 1}, {"weight": 3}, {"subset": "v2", "weight": 2}]
    model = RouteModel.model_validate({"to": shares, "timeout": "500ms"})
    assert route_of(model) == Route((Share(None, 3), Share("v2", 3)), 0.5)
    assert route_of(None) is None

"""A real Envoy keeps a client's address with one endpoint, and spreads clients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.devices.echo import echo_servers, seen
from tests.devices.envoy import Envoy, envoy, namespace
from tests.unit.translators.compiler.small import HTTP, plan_of, policy, service, workload
from translators.envoy import translate
from translators.plan.model import Plan

pytestmark = [
    pytest.mark.device,
    pytest.mark.root,
    pytest.mark.envoy("session affinity by the client's address"),
]

CLIENTS = 24
FOUR = [str(ip_address("10.10.0.100") + n) for n in range(CLIENTS)]
SIX = [str(ip_address("fd10:10::1:0") + n) for n in range(CLIENTS)]
VIPS = ("10.10.0.200", "fd10:10::ff00")
PARTS = {"v1": {"version": "v1"}, "v2": {"version": "v2"}}
GET = b"GET / HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def net() -> Iterator[str]:
    with namespace() as name:
        yield name


def _plan(affinity: str = "client-ip", **route: int) -> Plan:
    """Return a plan with one workload of many addresses, which stand for clients."""
    rule: dict[str, Any] = {"match": {"http": {}}, "action": "allow"}
    if route:
        shares = [{"subset": name, "weight": weight} for name, weight in route.items()]
        rule = {"match": {"http": {}}, "route": {"to": shares}}
    many = workload("many", 100, "web", addresses=[*FOUR, *SIX])
    more = [workload(f"api-{n}", 30 + n, "api") for n in (3, 4)]
    api = service("api", HTTP, addresses=list(VIPS), affinity=affinity, subsets=PARTS)
    return plan_of(many, *more, api, policy("p", rule))


def _endpoint(running: Envoy, client: str) -> str:
    vip = VIPS[ip_address(client).version == 6]
    status, body = running.send(client, (vip, 80), GET)
    assert status == 200, body
    return str(seen(body)["endpoint"])


@pytest.mark.parametrize("clients", [FOUR, SIX], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("route", [{}, {"v1": 1, "v2": 1}], ids=["whole", "split"])
def test_a_client_has_one_endpoint(
    net: str, tmp_path: Path, clients: list[str], route: dict[str, int]
) -> None:
    plan = _plan(**route)
    with envoy((*translate(plan, "host1"), *echo_servers(plan)), tmp_path, net) as running:
        met = [{_endpoint(running, client) for _ in range(6)} for client in clients]
    assert all(len(found) == 1 for found in met), met
    spread = Counter(name for found in met for name in found)
    assert len(spread) == 4, spread


def test_without_affinity_connections_are_spread(net: str, tmp_path: Path) -> None:
    plan = _plan("none")
    with envoy((*translate(plan, "host1"), *echo_servers(plan)), tmp_path, net) as running:
        assert len({_endpoint(running, FOUR[0]) for _ in range(40)}) > 1

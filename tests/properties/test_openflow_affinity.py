"""Real groups keep a client's address with one endpoint, whatever connection it is."""

from collections import Counter
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.properties.openflow_journey import travel
from tests.properties.openflow_real import Bridges
from tests.unit.translators.compiler.small import SQL, host, plan_of, policy, service, workload
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import TCP, Plan

pytestmark = pytest.mark.device
PARTS = {"v1": {"version": "v1"}, "v2": {"version": "v2"}}
CLIENTS, VIPS = 60, {4: "10.10.0.200", 6: "fd10:10::ff00"}
FAMILIES = pytest.mark.parametrize("family", [4, 6])


def _plan(*, affinity: str = "client-ip", members: int = 4, **route: int) -> Plan:
    """Return a plan with one workload of many addresses, which stand for clients."""
    clients = [ip_address("10.10.0.100") + n for n in range(CLIENTS)]
    clients += [ip_address("fd10:10::1:0") + n for n in range(CLIENTS)]
    many = workload("many", 100, "web", addresses=[str(client) for client in clients])
    more = [workload(f"api-{n}", 30 + n, "api") for n in range(3, members + 1)]
    rule: dict[str, Any] = {"match": {"tcp": {}}, "action": "allow"}
    if route:
        shares = [{"subset": name, "weight": weight} for name, weight in route.items()]
        rule = {"match": {"tcp": {}}, "route": {"to": shares}}
    api = service("api", SQL, subsets=PARTS, affinity=affinity, addresses=list(VIPS.values()))
    return plan_of(host("host2", 2), many, *more, api, policy("p", rule))


def _packets(plan: Plan, family: int) -> list[Packet]:
    vip = ip_address(VIPS[family])
    own = [a for a in plan.endpoint["shop/many"].addresses if a.version == family]
    return [Packet("shop/many", address, vip, TCP, 40000, 5432) for address in own]


def _met(plan: Plan, bridges: Bridges, packet: Packet, times: int = 4) -> set[str]:
    """Return the endpoints of several connections, each with other ports and another hash."""
    tries = (replace(packet, source_port=40000 + 7 * n) for n in range(times))
    return {travel(plan, bridges, p, 5 * n, False).endpoint for n, p in enumerate(tries)}


@FAMILIES
def test_a_client_has_one_endpoint_and_clients_are_spread(bridges: Bridges, family: int) -> None:
    plan = _plan()
    bridges.load(plan)
    packets = _packets(plan, family)
    met = [_met(plan, bridges, packet) for packet in packets]
    assert all(len(found) == 1 for found in met)
    spread = Counter(name for found in met for name in found)
    assert spread.keys() == {target.endpoint for target in evaluate(plan, packets[0]).targets}
    assert min(spread.values()) >= CLIENTS / 4 / 3, spread
    without = _plan(affinity="none")
    bridges.load(without)
    assert any(len(_met(without, bridges, packet)) > 1 for packet in packets[:5])


@FAMILIES
def test_an_endpoint_that_goes_moves_only_its_own_clients(bridges: Bridges, family: int) -> None:
    whole, less = _plan(members=5), _plan(members=4)
    found = []
    for plan in (whole, less, whole):
        bridges.load(plan)
        found.append([min(_met(plan, bridges, p, 1)) for p in _packets(plan, family)])
    before, between, after = found
    assert before == after
    assert "shop/api-5" in before
    for then, now in zip(before, between, strict=True):
        assert now == then or then == "shop/api-5"


@FAMILIES
def test_clients_are_spread_by_weight(bridges: Bridges, family: int) -> None:
    plan = _plan(members=2, v1=80, v2=20)
    bridges.load(plan)
    packets = _packets(plan, family)
    weights = {t.endpoint: t.weight for t in evaluate(plan, packets[0]).targets}
    assert sorted(weights.values()) == [1, 4]
    spread = Counter(min(_met(plan, bridges, packet, 1)) for packet in packets)
    few = min(weights, key=lambda name: weights[name])
    assert 2 <= spread[few] <= 24, spread  # of 60: 12, and four standard deviations

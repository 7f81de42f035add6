"""All layers together do what the plan means: the word "unified", proven on random networks.

A connection is sent through the simulated bridges of both hosts; where it is steered, the proxy's
own route decides and the connection that it opens goes through the bridges again. What arrives
must be exactly what ``evaluate`` allows, and ``explain`` must tell the same story.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from random import Random

from tests.properties.openflow_journey import Bridge, simulated, travel
from tests.properties.strategies import (
    captured_packets,
    random_packet,
    random_plan,
    random_request,
)
from translators.envoy.explain import explain as explain_proxy
from translators.explain import explain
from translators.plan.evaluate import Packet, evaluate
from translators.plan.http import Request
from translators.plan.model import Action, Plan

PLANS = int(os.environ.get("FSDN_PLANS", "30"))
CASES = 12  # a plan


def _case(rng: Random, plan: Plan) -> tuple[Packet, Request | None]:
    """Return a packet, with a request where it may come to a proxy that reads HTTP."""
    captured = captured_packets(plan)
    packet = random_packet(rng, plan)
    if captured and rng.randrange(2):
        packet = rng.choice(captured)[0]
    service = plan.by_vip.get(packet.destination)
    port = service.port(packet.destination_port, packet.protocol) if service else None
    reads = port is not None and port.protocol.is_http
    return packet, random_request(rng, plan) if reads else None


def _through(
    plan: Plan, bridge: Bridge, packet: Packet, request: Request | None, spread: int
) -> tuple[bool, str]:
    """Return whether the devices let a connection or request through, and over which way."""
    arrival = travel(plan, bridge, packet, spread, proxied=False)
    if not arrival.steered:
        return bool(arrival.endpoint), "bridges"
    if explain_proxy(plan, packet, request)[-1].verdict not in ("allow", "audit"):
        return False, "proxy"
    verdict = evaluate(plan, packet, request)
    reached = [_onward(plan, bridge, packet, t.endpoint, t.port, spread) for t in verdict.targets]
    assert all(reached) or not any(reached), (verdict, reached)
    return bool(reached) and all(reached), "proxy"


def _onward(
    plan: Plan, bridge: Bridge, packet: Packet, endpoint: str, port: int, spread: int
) -> bool:
    """Whether the proxy's own connection, in the client's name, arrives at an endpoint."""
    addresses = plan.endpoint[endpoint].addresses
    address = next((a for a in addresses if a.version == packet.family), None)
    assert address is not None, (endpoint, packet)
    onward = replace(packet, destination=address, destination_port=port)
    arrival = travel(plan, bridge, onward, spread, proxied=True)
    return not arrival.steered and (arrival.endpoint, arrival.port) == (endpoint, port)


def test_the_layers_together_do_what_the_plan_means() -> None:
    seed = int(os.environ.get("FSDN_SEED", Random().randrange(1 << 32)))
    print(f"FSDN_SEED={seed}")
    outcomes: Counter[tuple[str, bool]] = Counter()
    for number in range(PLANS):
        rng = Random(f"{seed}/composition/{number}")
        plan = random_plan(rng)
        bridge = simulated(plan)
        for _ in range(CASES):
            packet, request = _case(rng, plan)
            verdict = evaluate(plan, packet, request)
            allowed = verdict.action is Action.ALLOW and bool(verdict.targets)
            where = f"FSDN_SEED={seed}, plan {number}: {packet} {request}: {verdict}"
            passed, way = _through(plan, bridge, packet, request, rng.randrange(16))
            assert passed is allowed, where
            steps = explain(plan, packet, request).steps
            assert steps, where
            denied = any(step.verdict == "deny" for step in steps)
            # An allowed request to a service without an endpoint is denied by nobody: it ends at
            # the proxy with 503, and so arrives nowhere.
            assert denied is (verdict.action is Action.DENY), f"{where}: {steps}"
            outcomes[way, passed] += 1
    print(outcomes)
    assert outcomes.total() == PLANS * CASES >= 300
    for way in ("bridges", "proxy"):
        assert min(outcomes[way, True], outcomes[way, False]) >= PLANS / 4, outcomes

"""Real bridges and the plan's meaning agree, first packet by first packet, both hosts composed."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from tests.devices.ovs import PrivateOvs
from tests.properties.openflow_journey import (
    BUCKETS,
    Bridges,
    counted,
    denied,
    disagreement,
    is_routed,
    proxy_may,
    travel,
)
from tests.properties.strategies import random_packet, random_plan
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import TCP, Plan

pytestmark = pytest.mark.device

PLANS = int(os.environ.get("FSDN_PLANS", "110"))
PACKETS, PROXIED = 20, 8  # a plan


@pytest.fixture(scope="module")
def bridges() -> Iterator[Bridges]:
    with PrivateOvs() as ovs:
        real = Bridges(ovs)
        yield real
        real.close()


def _seed() -> int:
    seed = int(os.environ.get("FSDN_SEED", Random().randrange(1 << 32)))
    print(f"FSDN_SEED={seed}")
    return seed


def _proxied(rng: Random, plan: Plan) -> Packet:
    """Return what a proxy might send in a workload's name: mostly to where a capture leads."""
    packet = random_packet(rng, plan)
    source, target = plan.endpoint[packet.endpoint], rng.choice(plan.endpoints)
    port = rng.choice((80, 8080, 8080, 53))
    if plan.captures and rng.randrange(4):
        capture = rng.choice(plan.captures)
        service = plan.service[capture.service]
        source = plan.endpoint[rng.choice(capture.sources)]
        target = plan.endpoint[rng.choice(service.endpoints)]
        port = rng.choice([p.target for p in service.ports])
    pairs = [
        (own, there)
        for own in source.addresses
        for there in target.addresses
        if own.version == there.version
    ]
    if source == target or not pairs:
        # A proxy is known by the address it sends from: that workload is the one it speaks for.
        owner = plan.by_address.get(packet.source)
        return packet if owner is None else replace(packet, endpoint=owner.name)
    return Packet(source.name, *rng.choice(pairs), TCP, 40000, port)


def test_bridges_do_what_the_plan_means(bridges: Bridges) -> None:
    seed = _seed()
    outcomes: Counter[str] = Counter()
    for number in range(PLANS):
        rng = Random(f"{seed}/{number}")
        plan = random_plan(rng)
        bridges.load(plan)
        for _ in range(PACKETS):
            packet = random_packet(rng, plan)
            arrival = travel(plan, bridges, packet, rng.randrange(16), proxied=False)
            wrong = disagreement(plan, packet, arrival)
            assert not wrong, f"FSDN_SEED={seed}, plan {number}: {packet}: {wrong}"
            wanted = evaluate(plan, packet).audits
            if packet.destination in plan.by_address:
                assert counted(plan, arrival) == wanted, f"FSDN_SEED={seed}, plan {number}"
                outcomes["counted"] += bool(wanted)
            reached = "delivered" if arrival.endpoint else "dropped"
            reached = "left" if arrival.outside else reached
            outcomes["steered" if arrival.steered else reached] += 1
            outcomes["routed"] += is_routed(plan, packet, arrival)
    print(outcomes)
    assert min(outcomes["routed"], outcomes["left"]) > PLANS / 20, outcomes
    assert outcomes.total() - outcomes["routed"] - outcomes["counted"] == PLANS * PACKETS
    assert outcomes["counted"] > PLANS / 20, outcomes
    assert min(outcomes["delivered"], outcomes["steered"]) > PLANS / 4, outcomes


def test_the_proxy_reaches_what_its_clients_are_captured_for(bridges: Bridges) -> None:
    seed = _seed()
    outcomes: Counter[bool] = Counter()
    for number in range(PLANS):
        rng = Random(f"{seed}/proxy/{number}")
        plan = random_plan(rng)
        bridges.load(plan)
        for _ in range(PROXIED):
            packet = _proxied(rng, plan)
            arrival = travel(plan, bridges, packet, rng.randrange(16), proxied=True)
            wanted = proxy_may(plan, packet)
            name = plan.by_address[packet.destination].name if wanted else ""
            found = f"FSDN_SEED={seed}, plan {number}: {packet}: {arrival}"
            assert not arrival.steered, found
            assert arrival.endpoint == name, found
            outcomes[wanted] += 1
    print(outcomes)
    assert min(outcomes[True], outcomes[False]) > PLANS / 4, outcomes


def test_a_forged_sender_reaches_nobody(bridges: Bridges) -> None:
    seed = _seed()
    tried = 0
    for number in range(10):
        rng = Random(f"{seed}/forged/{number}")
        plan = random_plan(rng)
        bridges.load(plan)
        for packet in (random_packet(rng, plan) for _ in range(20)):
            others = [
                e
                for e in plan.endpoints
                if e.name != packet.endpoint
                and any(a.version == packet.family for a in e.addresses)
            ]
            if not others:
                continue  # the only one of its address family
            tried += 1
            victim = rng.choice(others)
            address = next(a for a in victim.addresses if a.version == packet.family)
            forged = replace(packet, source=address)
            assert denied(plan, forged)
            arrival = travel(plan, bridges, forged, rng.randrange(BUCKETS), proxied=False)
            assert not arrival.endpoint, (seed, forged, arrival)
            assert not arrival.steered
    assert tried > 100

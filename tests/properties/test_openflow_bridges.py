"""Real bridges and the plan's meaning agree, first packet by first packet, both hosts composed."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from tests.properties.openflow_journey import (
    BUCKETS,
    Hop,
    arrival_of,
    counted,
    denied,
    disagreement,
    is_routed,
    proxy_may,
    travel,
)
from tests.properties.openflow_real import Bridges, copies_of, port_of
from tests.properties.strategies import random_packet, random_plan
from translators.openflow.fields import ETH_DST, mac_value
from translators.openflow.frames import synthetic_ports
from translators.openflow.live import ProbeError
from translators.plan.dhcp import lease
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import TCP, Plan

pytestmark = pytest.mark.device

SCTP = 132
PLANS = int(os.environ.get("FSDN_PLANS", "110"))
CONNECTIONS, PROXIED = 64, 8  # a plan
TRAFFIC = 10_000  # packets of as many plans as are usual: first ones, later ones, and answers


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
        for _ in range(CONNECTIONS):
            packet = random_packet(rng, plan)
            try:
                outcomes.update(_begins(bridges, plan, packet, rng.randrange(16)))
                outcomes.update(_goes_on(bridges, plan, packet))
            except AssertionError as error:
                raise AssertionError(f"FSDN_SEED={seed}, plan {number}: {packet}") from error
    print(outcomes)
    assert min(outcomes["routed"], outcomes["left"], outcomes["counted"]) > PLANS / 10, outcomes
    assert min(outcomes["delivered"], outcomes["steered"], outcomes["answered"]) > PLANS, outcomes
    assert outcomes["by the gateway"] > PLANS / 2, outcomes
    assert min(outcomes["later"], outcomes["dropped"]) > 5 * PLANS, outcomes
    packets = PLANS * CONNECTIONS + outcomes["later"] + outcomes["answered"]
    assert packets > TRAFFIC * PLANS / 110, outcomes


def _begins(bridges: Bridges, plan: Plan, packet: Packet, spread: int) -> Iterator[str]:
    """Send a connection's first packet; yield what became of it."""
    arrival = travel(plan, bridges, packet, spread, proxied=False)
    wrong = disagreement(plan, packet, arrival)
    assert not wrong, wrong
    if packet.destination in plan.by_address:
        wanted = evaluate(plan, packet).audits
        assert counted(plan, arrival) == wanted
        yield from ["counted"] * bool(wanted)
    yield from ["routed"] * is_routed(plan, packet, arrival)
    if arrival.steered:
        yield "steered"
    elif arrival.outside:
        yield "left"
    elif arrival.answered:
        yield "by the gateway"
    else:
        yield "delivered" if arrival.endpoint else "dropped"


def _goes_on(bridges: Bridges, plan: Plan, packet: Packet) -> Iterator[str]:
    """Send a later packet of the connection, and the answer to it; yield what was sent."""
    try:
        way = bridges.standing(packet)
    except ProbeError:
        untracked = lease(plan, packet) or evaluate(plan, packet).answered
        passing = packet.protocol == SCTP or untracked
        assert denied(plan, packet) or passing
        return
    yield "later"
    asked, _ = way[-1]
    ports = synthetic_ports(plan, asked.host.name)
    hops = tuple(Hop(port_of(one), one.left, copies=copies_of(one)) for _, one in way)
    arrival = arrival_of(plan, asked.host, ports, hops[-1], hops)
    wrong = disagreement(plan, packet, arrival)
    assert not wrong, wrong
    if arrival.outside:
        return  # an answer from outside has another zone to pass first
    source = plan.endpoint[packet.endpoint]
    back = bridges.answered(way)
    assert back.output == synthetic_ports(plan, source.host)[source.port], back
    assert back.frame[ETH_DST] == mac_value(source.mac)
    yield "answered"


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

"""What bridges do with TCP packets of connections that they do not know, under random plans.

A workload's or a proxy's is asked about at the controller exactly where it could begin; another
host's goes exactly where the first packet of its connection would.
"""

import os
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from tests.properties.openflow_journey import Arrival, Hop, counted, proxy_may
from tests.properties.openflow_real import Bridges
from tests.properties.strategies import random_packet, random_plan
from translators.openflow.fields import TCP_ACK, TCP_FLAGS, TCP_RST, TCP_SYN, TUN_ID
from translators.openflow.frames import from_proxy, from_tunnel, from_workload, synthetic_ports
from translators.openflow.simulate import Frame
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import TCP, Action, Plan

pytestmark = pytest.mark.device

PLANS = int(os.environ.get("FSDN_PLANS", "40"))
PACKETS = 24  # a plan
FLAGS = (TCP_ACK, TCP_ACK | 0x008, TCP_ACK | 0x001)  # with data to push, or a FIN
OTHERS = (TCP_RST, TCP_RST | TCP_ACK, 0x008, TCP_SYN | TCP_ACK)


def test_the_middle_of_unknown_connections(bridges: Bridges) -> None:
    seed = int(os.environ.get("FSDN_SEED", Random().randrange(1 << 32)))
    print(f"FSDN_SEED={seed}")
    seen: Counter[str] = Counter()
    for number in range(PLANS):
        rng = Random(f"{seed}/midstream/{number}")
        plan = random_plan(rng)
        bridges.load(plan)
        for packet in (_tcp(rng, plan) for _ in range(PACKETS)):
            try:
                seen[_sent(bridges, plan, packet, rng)] += 1
                seen[_proxied(bridges, plan, packet, rng)] += 1
                seen[_arrived(bridges, plan, packet, rng)] += 1
            except AssertionError as error:
                raise AssertionError(f"FSDN_SEED={seed}, plan {number}: {packet}") from error
    print(seen)
    wanted = ("asked", "ignored", "asked for the proxy", "taken over", "kept out")
    assert min(seen[name] for name in wanted) > PLANS / 8, seen


def _tcp(rng: Random, plan: Plan) -> Packet:
    packet = random_packet(rng, plan)
    if packet.protocol == TCP:
        return packet
    return replace(packet, protocol=TCP, destination_port=rng.choice((80, 8080, 53)))


def _sent(bridges: Bridges, plan: Plan, packet: Packet, rng: Random) -> str:
    """Let a workload send it; what becomes of it follows from the plan alone."""
    host = plan.endpoint[packet.endpoint].host
    frame = dict(from_workload(plan, packet, synthetic_ports(plan, host)))
    spread = rng.randrange(16)
    other = bridges(host, frame | {TCP_FLAGS: rng.choice(OTHERS)}, spread)
    assert (other.output, other.punted) == (None, False), "only a SYN begins, and only an ACK asks"
    hop = bridges(host, frame | {TCP_FLAGS: rng.choice(FLAGS)}, spread)
    assert hop.output is None
    assert counted(plan, Arrival(hops=(hop,))) == ()
    if packet.destination in plan.by_vip:  # each endpoint may have another rule
        first = bridges(host, frame, spread)
        assert hop.punted == (first.output is not None)
    else:
        assert hop.punted == (evaluate(plan, packet).action is Action.ALLOW)
    return "asked" if hop.punted else "ignored"


def _proxied(bridges: Bridges, plan: Plan, packet: Packet, rng: Random) -> str:
    """Let the proxy send it in the name of whose address it has."""
    owner = plan.by_address.get(packet.source)
    packet = packet if owner is None else replace(packet, endpoint=owner.name)
    host = plan.endpoint[packet.endpoint].host
    frame = dict(from_proxy(plan, packet, synthetic_ports(plan, host)))
    hop = bridges(host, frame | {TCP_FLAGS: rng.choice(FLAGS)}, rng.randrange(16))
    assert hop.output is None
    assert hop.punted == proxy_may(plan, packet)
    return "asked for the proxy" if hop.punted else "ignored"


def _arrived(bridges: Bridges, plan: Plan, packet: Packet, rng: Random) -> str:
    """Let it come by the tunnel from another host, which let it pass."""
    target = plan.by_address.get(packet.destination)
    source = plan.endpoint[packet.endpoint]
    if target is None or source.host == target.host:
        return "near"
    frame = _tunnelled(plan, packet)
    if frame is None:
        return "no tunnel"
    spread = rng.randrange(16)
    first = bridges(target.host, frame, spread)
    later = bridges(target.host, dict(frame) | {TCP_FLAGS: rng.choice(FLAGS)}, spread)
    assert _end(later) == _end(first)
    assert not later.punted
    return "kept out" if later.output is None else "taken over"


def _tunnelled(plan: Plan, packet: Packet) -> Frame | None:
    """Return the packet as the sender's bridge would send it, if it let it pass."""
    source, target = plan.endpoint[packet.endpoint], plan.by_address[packet.destination]
    here, there = plan.host[source.host], plan.host[target.host]
    if here.tunnel is None or there.tunnel is None:
        return None
    ports = synthetic_ports(plan, here.name)
    frame = dict(from_workload(plan, packet, ports))
    frame[TUN_ID] = plan.segment[target.segment].vni
    return from_tunnel(frame, here, there, synthetic_ports(plan, there.name))


def _end(hop: Hop) -> tuple[object, ...]:
    return hop.output, {f: v for f, v in hop.frame.items() if f is not TCP_FLAGS}

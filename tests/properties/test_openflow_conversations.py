"""Conversations of random plans as frames through a real bridge, which tracks them by itself."""

import os
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from tests.devices.frames import ACK, SYN, SYN_ACK, Frame, decode, encode
from tests.devices.openflow_bench import Bench
from tests.devices.ovs import PrivateOvs
from tests.properties.strategies import random_packet, random_plan
from translators.plan.dhcp import lease
from translators.plan.evaluate import Packet, Verdict, evaluate
from translators.plan.model import TCP, UDP, Action, Plan

pytestmark = pytest.mark.device

PLANS = int(os.environ.get("FSDN_PLANS", "6"))
ADMITTED, DENIED = 8, 2  # connections of each plan
VIRTUAL = "02:fd:00:00:00:01"
RST = 0x14  # with an acknowledgement (RFC 9293, section 3.5.2)
MINUTE = 60_000  # milliseconds: longer than what is reset is remembered, shorter than what stands


def test_random_conversations_go_as_connection_tracking_has_it() -> None:
    seed = int(os.environ.get("FSDN_SEED", Random().randrange(1 << 32)))
    print(f"FSDN_SEED={seed}")
    seen: Counter[str] = Counter()
    for number in range(PLANS):
        rng = Random(f"{seed}/conversations/{number}")
        plan = _on_one_host(random_plan(rng))
        with PrivateOvs() as ovs:
            bench = Bench(ovs, plan)
            try:
                seen.update(_spoken(bench, plan, rng))
            except AssertionError as error:
                raise AssertionError(f"FSDN_SEED={seed}, plan {number}") from error
    print(seen)
    assert min(seen["reset"], seen["stands"], seen["datagrams"], seen["denied"]) > 0, seen


def _on_one_host(plan: Plan) -> Plan:
    ports = {e.name: f"p{n}" for n, e in enumerate(plan.endpoints)}
    endpoints = tuple(replace(e, host="host1", port=ports[e.name]) for e in plan.endpoints)
    return replace(plan, endpoints=endpoints)


def _spoken(bench: Bench, plan: Plan, rng: Random) -> list[str]:
    """Speak on several connections, then let time pass; return what was seen."""
    standing, seen = [], []
    for packet, verdict in _chosen(plan, rng):
        first = _frame(plan, packet, SYN)
        port = plan.endpoint[packet.endpoint].port
        if verdict.action is Action.DENY:
            assert bench.send(port, encode(first)) == {}, packet
            seen.append("denied")
            continue
        target, met = _arrived(bench, plan, port, first, verdict)
        back = bench.passes(target, met.reply(flags=SYN_ACK, eth_dst=VIRTUAL), port)
        ends = (back.source, back.source_port, back.destination)
        assert ends == (first.destination, first.destination_port, first.source), packet
        again = bench.passes(port, replace(first, flags=ACK), target)
        assert (again.destination, again.destination_port) == (
            met.destination,
            met.destination_port,
        )
        reset = packet.protocol == TCP and bool(rng.randrange(2))
        if reset:
            bench.passes(port, replace(first, flags=RST), target)
        standing.append((packet, first, port, target, reset))
    bench.warp(MINUTE)
    for packet, first, port, target, reset in standing:
        later = replace(first, flags=ACK)
        if packet.protocol == UDP:
            bench.passes(port, first, target)  # which begins it again, if it was forgotten
        elif reset:
            assert bench.send(port, encode(later)) == {}, f"{packet} was reset"
        else:
            bench.passes(port, later, target)
        seen.append("datagrams" if packet.protocol == UDP else "reset" if reset else "stands")
    return seen


def _chosen(plan: Plan, rng: Random) -> list[tuple[Packet, Verdict]]:
    """Return connections that the bridge alone decides on: most of them admitted."""
    found: dict[bool, list[tuple[Packet, Verdict]]] = {True: [], False: []}
    for _ in range(400):
        packet = random_packet(rng, plan)
        verdict = evaluate(plan, packet)
        if packet.protocol not in (TCP, UDP) or lease(plan, packet):
            continue
        if verdict.steered or (verdict.action is Action.ALLOW and not verdict.targets):
            continue
        rule = plan.rule.get(verdict.rule or "")
        if rule is not None and (rule.shape is not None or rule.mirror is not None):
            continue  # a meter might have no room, and copies are frames more
        number = 20_000 + len(found[True]) + len(found[False])
        own = replace(packet, source_port=number)
        found[verdict.action is Action.ALLOW].append((own, verdict))
    return found[True][:ADMITTED] + found[False][:DENIED]


def _frame(plan: Plan, packet: Packet, flags: int) -> Frame:
    source = plan.endpoint[packet.endpoint]
    ends = (str(packet.source), str(packet.destination), packet.protocol)
    ports = (packet.source_port, packet.destination_port)
    return Frame(source.mac, VIRTUAL, *ends, *ports, flags if packet.protocol == TCP else 0)


def _arrived(
    bench: Bench, plan: Plan, port: str, first: Frame, verdict: Verdict
) -> tuple[str, Frame]:
    """Send a connection's first packet; return at which port it came out, and how."""
    found = bench.send(port, encode(first))
    assert len(found) == 1, (first, verdict, found)
    ((target, (data,)),) = found.items()
    allowed = {(plan.endpoint[t.endpoint].port, t.port) for t in verdict.targets}
    met = decode(data)
    assert (target, met.destination_port) in allowed, (first, verdict, met)
    return target, met

"""A packet's way over the bridges of its source and its destination, and what it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from translators.openflow.cookie import Cause, cause_of, rule_of
from translators.openflow.fields import (
    ETH_DST,
    ETH_IPV4,
    ETH_TYPE,
    ICMP_TYPE,
    ICMPV6_TYPE,
    IP_DSCP,
    IP_PROTO,
    IP_TTL,
    IPV4_DST,
    IPV4_SRC,
    IPV6_DST,
    IPV6_SRC,
    TCP_DST,
    UDP_DST,
    destination_field,
    source_field,
)
from translators.openflow.frames import (
    TTL,
    from_proxy,
    from_tunnel,
    from_workload,
    receiver_of,
    synthetic_ports,
)
from translators.openflow.simulate import REFLECTED, Frame, simulate
from translators.openflow.translate import translate
from translators.plan.dhcp import lease
from translators.plan.evaluate import Packet, Verdict, evaluate
from translators.plan.model import TCP, UDP, Action, Host, Plan

BUCKETS = 8


@dataclass(frozen=True, slots=True)
class Hop:
    """What one bridge did: the port it sent to (None: dropped), the packet as it left."""

    output: int | None
    frame: Frame
    cookies: tuple[int, ...] = ()  # of the flows met, in order
    copies: tuple[int | None, ...] = ()  # the ports that copies were sent to
    punted: bool = False  # to the controller alone


Bridge = Callable[[str, Frame, int], Hop]  # host, packet, hash


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a packet ended: ``steered`` to the proxy, at an ``endpoint``, or nowhere."""

    endpoint: str = ""
    address: object = None
    port: int = 0
    steered: bool = False
    hops: tuple[Hop, ...] = ()
    ttl: int = 0
    outside: bool = False
    answered: bool = False  # by the bridge itself


def simulated(plan: Plan) -> Bridge:
    """Return the software model of every host's bridge."""
    programs = {h.name: translate(plan, h.name, synthetic_ports(plan, h.name)) for h in plan.hosts}

    def bridge(host: str, frame: Frame, spread: int) -> Hop:
        trace = simulate(programs[host], frame, spread)
        cookies = tuple(flow.cookie for flow in trace.flows)
        return Hop(trace.output, trace.frame, cookies, trace.copies, trace.punted)

    return bridge


def travel(plan: Plan, bridge: Bridge, packet: Packet, spread: int, proxied: bool) -> Arrival:
    """Return where a connection's first packet arrives, over one bridge or two."""
    host = plan.host[plan.endpoint[packet.endpoint].host]
    ports = synthetic_ports(plan, host.name)
    frame = (from_proxy if proxied else from_workload)(plan, packet, ports)
    hop = bridge(host.name, frame, spread)
    hops = [hop]
    if hop.output == ports[host.tunnel_port]:
        receiver = receiver_of(plan, hop.frame)
        assert receiver is not None
        there = synthetic_ports(plan, receiver.name)
        hop = bridge(receiver.name, from_tunnel(hop.frame, host, receiver, there), spread)
        hops.append(hop)
        assert hop.output != there[receiver.tunnel_port], "back into the tunnel"
        host, ports = receiver, there
    return arrival_of(plan, host, ports, hop, tuple(hops))


def arrival_of(
    plan: Plan, host: Host, ports: Mapping[str, int], hop: Hop, hops: tuple[Hop, ...] = ()
) -> Arrival:
    """Return where a packet is after a host's bridge, the last of these hops, has sent it."""
    hops = hops or (hop,)
    if hop.output is None:
        return Arrival(hops=hops)
    if hop.output == REFLECTED:
        return Arrival(hops=hops, answered=True)
    if hop.output == ports[host.proxy_port]:
        return Arrival(steered=True, hops=hops)
    external = host.external
    if external is not None and hop.output == ports[external.port]:
        return Arrival(hops=hops, ttl=hop.frame[IP_TTL], outside=True)
    found = [e for e in plan.endpoints if e.host == host.name and ports[e.port] == hop.output]
    assert len(found) == 1, hop
    assert hop.frame[ETH_DST] == int(found[0].mac.replace(":", ""), 16)
    four = hop.frame[ETH_TYPE] == ETH_IPV4
    number = hop.frame[IPV4_DST if four else IPV6_DST]
    address = ip_address(number) if four else IPv6Address(number)
    door = {TCP: TCP_DST, UDP: UDP_DST}.get(hop.frame[IP_PROTO])
    port = hop.frame.get(door, 0) if door is not None else 0
    return Arrival(found[0].name, address, port, hops=hops, ttl=hop.frame[IP_TTL])


def disagreement(plan: Plan, packet: Packet, arrival: Arrival) -> str:
    """Return how an arrival differs from what ``evaluate`` says; empty: it does not."""
    verdict = evaluate(plan, packet)
    copies = [copy for hop in arrival.hops for copy in hop.copies]
    by_one_rule = packet.destination not in plan.by_vip  # else each endpoint may have another
    if by_one_rule and copies != _copies(plan, packet, verdict):
        return f"{verdict} but copies to {copies}"
    if verdict.answered or arrival.answered:
        right = verdict.answered and _has_answered(packet, arrival)
        return "" if right else f"{verdict} but {arrival}"
    return _misplaced(plan, packet, arrival, verdict)


def _misplaced(plan: Plan, packet: Packet, arrival: Arrival, verdict: Verdict) -> str:
    """Return how an arrival differs from a verdict that has the packet go somewhere or nowhere."""
    inside = verdict.targets or verdict.steered
    if arrival.outside or (verdict.action is Action.ALLOW and not inside):
        left = verdict.action is Action.ALLOW and _has_left(plan, packet, arrival)
        return "" if left else f"{verdict} but {arrival}"
    if verdict.steered or arrival.steered:
        return "" if verdict.steered == arrival.steered else f"{verdict} but {arrival}"
    allowed = {(target.endpoint, target.port) for target in verdict.targets}
    if (not allowed) != (not arrival.endpoint):
        return f"{verdict} but {arrival}"
    if not allowed:
        return ""
    if (arrival.endpoint, arrival.port) not in allowed:
        return f"{verdict} but {arrival}"
    target, source = plan.endpoint[arrival.endpoint], plan.endpoint[packet.endpoint]
    marked = arrival.hops[-1].frame.get(IP_DSCP, 0)
    if packet.destination in plan.by_address and marked != _mark(plan, verdict):
        return f"{verdict} but arrived with DSCP {marked}"
    if arrival.address not in target.addresses and not lease(plan, packet):
        return f"arrived with the address {arrival.address}: {arrival}"
    if arrival.ttl != TTL - (source.segment != target.segment):
        return f"arrived with TTL {arrival.ttl}: {arrival}"
    return ""


def _copies(plan: Plan, packet: Packet, verdict: Verdict) -> list[int]:
    """Return the ports of the source's bridge that a packet's copies should go to."""
    mirror = plan.rule[verdict.rule].mirror if verdict.rule is not None else None
    if mirror is None or verdict.action is not Action.ALLOW or verdict.steered:
        return []
    host, collector = plan.host[plan.endpoint[packet.endpoint].host], plan.endpoint[mirror]
    ports = synthetic_ports(plan, host.name)
    if collector.host == host.name:
        return [ports[collector.port]]
    both = host.tunnel is not None and plan.host[collector.host].tunnel is not None
    return [ports[host.tunnel_port]] if both else []


def _has_answered(packet: Packet, arrival: Arrival) -> bool:
    """Whether what came back to its sender is the reply to its ping."""
    frame = arrival.hops[0].frame
    four = packet.family == 4
    kind, reply = (ICMP_TYPE, 0) if four else (ICMPV6_TYPE, 129)
    source, destination = (IPV4_SRC, IPV4_DST) if four else (IPV6_SRC, IPV6_DST)
    return (
        arrival.answered
        and frame[kind] == reply
        and frame[source] == int(packet.destination)
        and frame[destination] == int(packet.source)
        and frame[IP_TTL] == TTL
    )


def _has_left(plan: Plan, packet: Packet, arrival: Arrival) -> bool:
    """Whether a packet left under the host's address, for the host's next hop."""
    external = plan.host[plan.endpoint[packet.endpoint].host].external
    if external is None or not arrival.outside:
        return False
    frame, own = arrival.hops[-1].frame, external.address(packet.family)
    return (
        own is not None
        and frame[source_field(own)] == int(own)
        and frame[destination_field(own)] == int(packet.destination)
        and frame[ETH_DST] == int(external.gateway_mac.replace(":", ""), 16)
        and arrival.ttl == TTL - 1
    )


def is_routed(plan: Plan, packet: Packet, arrival: Arrival) -> bool:
    """Whether a packet arrived in another segment than that from which it was sent."""
    target = plan.endpoint.get(arrival.endpoint)
    return target is not None and target.segment != plan.endpoint[packet.endpoint].segment


def _mark(plan: Plan, verdict: Verdict) -> int:
    """Return the DSCP that a packet arrives with that was sent with none."""
    shape = plan.rule[verdict.rule].shape if verdict.rule is not None else None
    return shape.dscp or 0 if shape is not None else 0


def deciding_rule(plan: Plan, arrival: Arrival) -> str | None:
    """Return the rule whose flow was met last at the source's bridge."""
    beside = (Cause.AUDIT, Cause.SHAPE, Cause.MIRROR)
    cookies = (c for c in arrival.hops[0].cookies if cause_of(c) not in beside)
    rules = [rule_of(plan, cookie) for cookie in cookies]
    named = [rule.name for rule in rules if rule is not None]
    return named[-1] if named else None


def counted(plan: Plan, arrival: Arrival) -> tuple[str, ...]:
    """Return the audits whose flows were met, in order; each counts a connection once."""
    met = [c for hop in arrival.hops for c in hop.cookies if cause_of(c) is Cause.AUDIT]
    rules = [rule_of(plan, cookie) for cookie in met]
    return tuple(rule.name for rule in rules if rule is not None)


def proxy_may(plan: Plan, packet: Packet) -> bool:
    """Whether a proxy may open this connection in the name of ``packet.endpoint``."""
    source = plan.endpoint[packet.endpoint]
    target = plan.by_address.get(packet.destination)
    if packet.source not in source.addresses or target is None or packet.protocol != TCP:
        return False
    if source.tenant != target.tenant or not plan.joined(source.segment, target.segment):
        return False
    return any(
        source.name in capture.sources
        and target.name in plan.service[capture.service].endpoints
        and (port := plan.service[capture.service].port(capture.port, TCP)) is not None
        and port.target == packet.destination_port
        for capture in plan.captures
    )


def denied(plan: Plan, packet: Packet) -> bool:
    """Whether ``evaluate`` lets nothing of this connection pass."""
    return evaluate(plan, packet).action is Action.DENY

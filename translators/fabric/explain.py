"""The fabric's rows of an explanation: the route that carries a packet from host to host.

The fabric carries what the vswitches let through and filters nothing, so that a packet which is
denied, or stays on its host, has no row here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from translators.plan.evaluate import Packet, Verdict, evaluate
from translators.plan.explanation import Step
from translators.plan.model import Action, Host, Plan

Cables = Mapping[str, Mapping[str, str]]  # switch -> neighbouring switch -> own interface


def explain(plan: Plan, packet: Packet) -> tuple[Step, ...]:
    """Return one row for each host that the packet may go to over the fabric, by host name."""
    source = plan.host.get(plan.endpoint[packet.endpoint].host)
    if source is None:
        return ()
    names = {plan.endpoint[name].host for name in _destinations(plan, packet)}
    hosts = [plan.host[name] for name in sorted(names - {source.name}) if name in plan.host]
    return tuple(step for host in hosts for step in _carried(plan, source, host))


def _destinations(plan: Plan, packet: Packet) -> Iterator[str]:
    verdict: Verdict = evaluate(plan, packet)
    if verdict.action is Action.DENY:
        return
    yield from (target.endpoint for target in verdict.targets)
    if verdict.steered:  # which of them the proxy chooses depends on the request
        yield from plan.by_vip[packet.destination].endpoints


def _carried(plan: Plan, source: Host, target: Host) -> Iterator[Step]:
    if not (source.switch and target.switch and target.tunnel):
        return  # wired to no switch of ours: another's network lies between
    network = target.tunnel.network
    if source.switch == target.switch:
        device, native = source.switch, f"{network} dev {target.switch_port} proto kernel"
        reason = f"{source.name} and {target.name} are wired to the same switch"
    else:
        hops = _next_hops(_cables(plan), source.switch, target.switch)
        if not hops:
            return
        via = " ".join(f"nexthop via inet6 fe80::/64 dev {interface}" for _, interface in hops)
        device = f"{source.switch} -> {target.switch}"
        native = f"{network} proto bgp {via}"
        reason = f"tunnel to {target.tunnel.ip} over {', '.join(peer for peer, _ in hops)}"
    yield Step("fabric", device, "carry", native, "", str(target.origin), reason)


def _cables(plan: Plan) -> Cables:
    cables: dict[str, dict[str, str]] = {}
    for link in sorted(plan.links):
        for (here, interface), (there, _) in ((link.a, link.b), (link.b, link.a)):
            cables.setdefault(here, {}).setdefault(there, interface)
    return cables


def _next_hops(cables: Cables, source: str, target: str) -> tuple[tuple[str, str], ...]:
    """Return (switch, own interface) of every neighbour on a shortest path, as BGP chooses."""
    distance = _distances(cables, target)
    if source not in distance:
        return ()
    nearer = distance[source] - 1
    found = [(p, i) for p, i in cables[source].items() if distance.get(p) == nearer]
    return tuple(sorted(found))


def _distances(cables: Cables, target: str) -> dict[str, int]:
    distance, queue = {target: 0}, deque([target])
    while queue:
        switch = queue.popleft()
        for peer in cables.get(switch, {}):
            if peer not in distance:
                distance[peer] = distance[switch] + 1
                queue.append(peer)
    return distance

"""One explanation out of all layers: the reference meaning, and each dialect's own rows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from translators.envoy.explain import explain as explain_proxy
from translators.fabric import explain as explain_fabric
from translators.openflow.explain import explain as explain_vswitch
from translators.openflow.explain import explain_upstream
from translators.plan.evaluate import Packet, Target, Verdict, evaluate
from translators.plan.explanation import Step
from translators.plan.http import Request
from translators.plan.model import Action, Layer, Plan


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happens, and a row for each layer that has a say, from source to destination."""

    packet: Packet
    request: Request | None
    verdict: Verdict
    steps: tuple[Step, ...]


def explain(plan: Plan, packet: Packet, request: Request | None = None) -> Explanation:
    """Return the verdict on a connection or request, with the rows of its way.

    The rows follow the packet: source bridge, proxy, fabric, destination bridge. Where the proxy
    may choose among hosts there is one way for each of them, with the first endpoint there.
    """
    verdict = evaluate(plan, packet, request)
    here, there = _split(plan, packet, explain_vswitch(plan, packet))
    steps = [*here, *explain_proxy(plan, packet, request)]
    if verdict.action is Action.ALLOW and verdict.layer is Layer.PROXY:
        for target in _one_a_host(plan, verdict.targets):
            steps += _upstream(plan, packet, target)
    elif verdict.action is Action.ALLOW:
        steps += [*explain_fabric(plan, packet), *there]
    return Explanation(packet, request, verdict, tuple(steps))


def _upstream(plan: Plan, packet: Packet, target: Target) -> list[Step]:
    """Return the rows of the connection that the proxy opens to an endpoint it chose."""
    addresses = plan.endpoint[target.endpoint].addresses
    address = next(a for a in addresses if a.version == packet.family)
    onward = replace(packet, destination=address, destination_port=target.port)
    here, there = _split(plan, onward, explain_upstream(plan, onward))
    host = str(plan.host[plan.endpoint[target.endpoint].host].origin)
    # The fabric's row for a host has that host's origin: it is why the route is there.
    fabric = [step for step in explain_fabric(plan, packet) if step.origin == host]
    return [*here, *fabric, *there]


def _one_a_host(plan: Plan, targets: tuple[Target, ...]) -> list[Target]:
    chosen: dict[str, Target] = {}
    for target in targets:
        chosen.setdefault(plan.endpoint[target.endpoint].host, target)
    return [chosen[host] for host in sorted(chosen)]


def _split(plan: Plan, packet: Packet, steps: tuple[Step, ...]) -> tuple[list[Step], list[Step]]:
    """Return the source bridge's rows, and those of the bridge at the other end of the tunnel."""
    host = plan.host[plan.endpoint[packet.endpoint].host]
    own = f"{host.name}/{host.bridge}"
    here = [step for step in steps if step.device == own]
    return here, [step for step in steps if step.device != own]

"""The reference meaning of a change for connections that are there: which of them stand."""

from __future__ import annotations

from dataclasses import dataclass

from translators.plan.evaluate import Packet, balanced, evaluate
from translators.plan.model import TCP, Action, Plan


@dataclass(frozen=True, slots=True, order=True)
class Established:
    """A connection as it was admitted: its first packet, the endpoint that it leads to.

    ``service`` and ``port`` tell by which service port it was addressed; None: directly.
    ``drain``: the rule that admitted it lets it finish.
    """

    packet: Packet
    endpoint: str
    service: str | None = None
    port: int = 0
    drain: bool = False


def stands(plan: Plan, established: Established) -> bool:
    """Whether a connection may go on under this plan.

    It is asked what its first packet would be now, at the endpoint that it has: an endpoint that
    has left the service keeps its connections while rules about the service or it still hold,
    unless the service cuts them. What is now for the proxy to decide may not go around it.
    """
    packet = established.packet
    if established.drain:
        return True
    if established.service is None:
        return evaluate(plan, packet).action is Action.ALLOW
    source, target = plan.endpoint[packet.endpoint], plan.endpoint[established.endpoint]
    service = plan.service[established.service]
    port = service.port(established.port, packet.protocol)
    gone = target.name not in service.endpoints and service.cuts
    if port is None or gone or _proxied(plan, packet, service.name):
        return False
    verdict = balanced(plan, source, service, port, target, packet.family)
    return verdict.action is Action.ALLOW


def _proxied(plan: Plan, packet: Packet, service: str) -> bool:
    """Whether a proxy decides on such connections: it captures TCP, never UDP on the same port."""
    captured = plan.is_captured(packet.endpoint, service, packet.destination_port)
    return captured and packet.protocol == TCP

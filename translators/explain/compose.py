"""One explanation out of all layers: the reference meaning, and each dialect's own rows of it."""

from __future__ import annotations

from dataclasses import dataclass

from translators.envoy.explain import explain as explain_proxy
from translators.fabric import explain as explain_fabric
from translators.openflow.explain import explain as explain_vswitch
from translators.plan.evaluate import Packet, Verdict, evaluate
from translators.plan.explanation import Step
from translators.plan.http import Request
from translators.plan.model import Action, Plan


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happens, and a row for each layer that has a say, from source to destination."""

    packet: Packet
    request: Request | None
    verdict: Verdict
    steps: tuple[Step, ...]


def explain(plan: Plan, packet: Packet, request: Request | None = None) -> Explanation:
    """Return the verdict on a connection or request, with the rows of its way.

    A row's place follows the packet: source bridge, proxy, fabric, destination bridge.
    """
    verdict = evaluate(plan, packet, request)
    bridges = explain_vswitch(plan, packet)
    own = _bridge(plan, packet)
    here = [step for step in bridges if step.device == own]
    there = [step for step in bridges if step.device != own]
    proxy = explain_proxy(plan, packet, request)
    if verdict.action is Action.DENY:
        return Explanation(packet, request, verdict, (*here, *proxy))
    fabric = [s for s in explain_fabric(plan, packet) if _used(plan, verdict, s)]
    return Explanation(packet, request, verdict, (*here, *proxy, *fabric, *there))


def _bridge(plan: Plan, packet: Packet) -> str:
    host = plan.host[plan.endpoint[packet.endpoint].host]
    return f"{host.name}/{host.bridge}"


def _used(plan: Plan, verdict: Verdict, step: Step) -> bool:
    """Whether the fabric's row leads to a host that the verdict chose; its origin is that host's.

    Without a request the proxy has chosen nobody yet, and every row is possible.
    """
    hosts = {plan.endpoint[target.endpoint].host for target in verdict.targets}
    return not hosts or step.origin in {str(plan.host[name].origin) for name in hosts}

"""What devices would be told, as text for people: plan, resources, flows, configuration."""

from __future__ import annotations

from translators import envoy, fabric
from translators.openflow.frames import synthetic_ports
from translators.openflow.render import render as render_flows
from translators.openflow.translate import translate as translate_flows
from translators.plan.canonical import to_yaml
from translators.plan.model import Plan


def plan_text(plan: Plan) -> str:
    """Return the plan as YAML."""
    return to_yaml(plan)


def proxy_text(plan: Plan, host: str) -> str:
    """Return the resources of a host's proxy as YAML."""
    return envoy.render(envoy.translate(plan, host))


def bridge_text(plan: Plan, host: str) -> str:
    """Return the flows of a host's bridge in the syntax of ovs-ofctl.

    Offline nobody knows the bridge's port numbers: interfaces get 1, 2, 3 ... by name.
    """
    return render_flows(translate_flows(plan, host, synthetic_ports(plan, host)))


def switch_text(plan: Plan, switch: str) -> str:
    """Return a switch's FRR configuration, then its devices as JSON."""
    text = fabric.translate(plan, switch)
    return f"{text.frr}\n{text.links}"

"""One switch of a plan as the two texts that its agent applies."""

from __future__ import annotations

from dataclasses import dataclass

from translators.fabric import frr, links
from translators.fabric.model import switch_model
from translators.plan.model import Plan


@dataclass(frozen=True, slots=True)
class SwitchText:
    """What a switch runs: FRR's configuration, and the Linux devices around it as JSON."""

    frr: str
    links: str


def translate(plan: Plan, switch: str) -> SwitchText:
    """Return the texts of one switch, equal for equal plans; raises FabricError (see model)."""
    model = switch_model(plan, switch)
    return SwitchText(frr.render(model), links.render(model))

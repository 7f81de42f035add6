"""How often each rule was hit: the bridges' counters, added up by the rule in their cookies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from translators.openflow.cookie import rule_of
from translators.plan.model import Plan
from xds_server.controller.ports import Bridges

Hits = Mapping[str, tuple[int, int]]  # rule name to packets and bytes


async def rule_hits(plan: Plan, bridges: Bridges) -> Hits:
    """Return packets and bytes by rule; a rule that no bridge holds a flow for is absent."""
    answers = await asyncio.gather(*(bridges.counters(h.datapath_id) for h in plan.hosts))
    return added_up(plan, answers)


def added_up(plan: Plan, answers: list[Mapping[int, tuple[int, int]]]) -> Hits:
    """Add up the counters of all bridges by rule."""
    hits: dict[str, tuple[int, int]] = {}
    for counters in answers:
        for cookie, (packets, size) in sorted(counters.items()):
            if (rule := rule_of(plan, cookie)) is not None:
                before = hits.get(rule.name, (0, 0))
                hits[rule.name] = (before[0] + packets, before[1] + size)
    return hits

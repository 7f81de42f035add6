"""How often each rule was hit: the bridges' counters, added up by the rule in their cookies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from translators.openflow.cookie import Cause, cause_of, rule_of
from translators.plan.model import Plan
from xds_server.controller.ports import Bridges

_log = structlog.get_logger("fsdn.counting")
Hits = Mapping[str, tuple[int, int]]  # rule name to packets and bytes


async def rule_hits(plan: Plan, bridges: Bridges) -> Hits:
    """Return packets and bytes by rule; a rule that no bridge holds a flow for is absent.

    A bridge that does not answer in time counts as one that is away: the others still count.
    """
    answers = await asyncio.gather(*(_counters(bridges, h.datapath_id) for h in plan.hosts))
    return added_up(plan, answers)


async def _counters(bridges: Bridges, datapath_id: int) -> Mapping[int, tuple[int, int]]:
    try:
        return await bridges.counters(datapath_id)
    except TimeoutError:
        _log.warning("a bridge does not tell its counters", datapath_id=f"{datapath_id:016x}")
        return {}


def added_up(plan: Plan, answers: list[Mapping[int, tuple[int, int]]]) -> Hits:
    """Add up the counters of all bridges by rule."""
    hits: dict[str, tuple[int, int]] = {}
    for counters in answers:
        for cookie, (packets, size) in sorted(counters.items()):
            rule = rule_of(plan, cookie)
            if rule is not None and cause_of(cookie) is not Cause.SHAPE:  # which sees all packets
                before = hits.get(rule.name, (0, 0))
                hits[rule.name] = (before[0] + packets, before[1] + size)
    return hits

"""Routes that say what the plan means: explanations, and rules with their hits."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from xds_server.api.access import Access
from xds_server.api.asking import Asked, answer
from xds_server.api.models import ExplanationView, PlacementView, RuleView
from xds_server.controller.counting import rule_hits

router = APIRouter(prefix="/v1", tags=["meaning"])


@router.get("/explain")
async def explained(controller: Access, asked: Annotated[Asked, Query()]) -> ExplanationView:
    """Say what happens to a connection or a request, layer by layer, and who decides."""
    plan = controller.state.plan
    return await asyncio.to_thread(answer, plan, asked)


@router.get("/rules")
async def rules(controller: Access) -> list[RuleView]:
    """List all clauses in deciding order, with their placement and hits."""
    plan = controller.state.plan
    hits = rule_hits(plan, await controller.counting.look())
    placed: dict[str, list[PlacementView]] = {}
    for place in plan.placements:
        view = PlacementView(
            layer=str(place.layer),
            where=place.where,
            reason=place.reason,
            refused=list(place.refused),
            saving=place.saving,
        )
        placed.setdefault(place.rule, []).append(view)
    return [
        RuleView(
            name=rule.name,
            action=str(rule.action),
            origin=str(rule.origin),
            placements=placed.get(rule.name, []),
            packets=hits[rule.name][0] if rule.name in hits else None,
            bytes=hits[rule.name][1] if rule.name in hits else None,
        )
        for rule in plan.rules
    ]

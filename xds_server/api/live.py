"""The route that asks real bridges: what they do with a packet, beside what they should."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from translators.openflow.cookie import is_ours, origin_of, rule_of
from translators.openflow.live import Compared, Row
from translators.openflow.render import render_flow
from translators.openflow.tables import Table
from translators.plan.model import Plan
from xds_server.api.access import Access
from xds_server.api.asking import Asked, answer, asked_packet
from xds_server.api.models import ExplanationView

router = APIRouter(prefix="/v1", tags=["meaning"])


class LiveAsked(Asked):
    """A question about one connection or request, for the bridges too."""

    established: bool = Field(False, description="About a packet of a connection that stands.")


class FlowView(BaseModel):
    """A flow that a packet meets, and what it is for."""

    flow: str = Field(description="As ovs-ofctl writes it; what was met, without its actions.")
    cookie: str
    ours: bool = Field(description="Whether this controller's cookies include it.")
    rule: str = Field(description="The policy clause that it enforces; empty where none.")
    origin: str = Field(description="File and line of what it is for; empty for the pipeline's.")


class LiveRowView(BaseModel):
    """One table of a bridge."""

    table: int
    stage: str = Field(description="Of the pipeline; empty for a table that is not ours.")
    same: bool
    predicted: FlowView | None = Field(description="Null: the packet should not come here.")
    real: FlowView | None = Field(description="Null: the packet did not come here.")


class LiveBridgeView(BaseModel):
    """One bridge on the packet's way."""

    device: str
    same: bool
    difference: str = Field(description="What differs first, as a sentence; empty if nothing.")
    rows: list[LiveRowView]
    predicted: str = Field(description="How the packet's way should end there: a port, or dropped.")
    real: str = Field(description="How it did.")


class LiveView(BaseModel):
    """What was predicted, and what the bridges on the way do."""

    explanation: ExplanationView
    established: bool
    same: bool
    bridges: list[LiveBridgeView]


@router.get("/explain/live")
async def live(controller: Access, asked: Annotated[LiveAsked, Query()]) -> LiveView:
    """Ask the bridges on a packet's way what they do with it, beside what is predicted.

    The packet is only described: none is sent, and no connection begins.
    """
    plan, ports = controller.state.plan, controller.state.ports
    told = await asyncio.to_thread(answer, plan, asked)
    packet = asked_packet(plan, asked)
    world = controller.tracer.world(plan, ports, controller.holds.targets.translations)
    found = await controller.tracer.compared(world, packet, asked.established)
    return LiveView(
        explanation=told,
        established=asked.established,
        same=all(one.same for one in found),
        bridges=[_bridge(plan, one) for one in found],
    )


def _bridge(plan: Plan, one: Compared) -> LiveBridgeView:
    rows = [_row(plan, row) for row in one.rows]
    return LiveBridgeView(
        device=f"{one.host.name}/{one.host.bridge}",
        same=one.same,
        difference=_difference(rows, one),
        rows=rows,
        predicted=one.predicted,
        real=one.real,
    )


def _row(plan: Plan, row: Row) -> LiveRowView:
    predicted, real = row.predicted, row.real
    return LiveRowView(
        table=row.table,
        stage=Table(row.table).name if row.table in Table.__members__.values() else "",
        same=row.same,
        predicted=_flow(plan, render_flow(predicted), predicted.cookie) if predicted else None,
        real=_flow(plan, real.text, real.cookie) if real else None,
    )


def _flow(plan: Plan, text: str, cookie: int) -> FlowView:
    rule, origin = rule_of(plan, cookie), origin_of(plan, cookie)
    return FlowView(
        flow=text,
        cookie=f"{cookie:#x}",
        ours=is_ours(cookie),
        rule=rule.name if rule is not None else "",
        origin=str(origin) if origin is not None else "",
    )


def _difference(rows: list[LiveRowView], one: Compared) -> str:
    first = next((row for row in rows if not row.same), None)
    if first is None:
        same = one.predicted == one.real
        return "" if same else f"should end with {one.predicted}, but ends with {one.real}"
    where = f"table {first.table}" + (f" ({first.stage})" if first.stage else "")
    if first.predicted is None or first.real is None:
        flow = first.predicted or first.real
        assert flow is not None
        came = "comes" if first.predicted is None else "does not come"
        return f"the packet {came} to {where}, where {_named(flow)} is met"
    return f"{where} should apply {_named(first.predicted)}, and applies {_named(first.real)}"


def _named(flow: FlowView) -> str:
    if not flow.ours:
        return f"what is not ours ({flow.flow})"
    return " ".join(part for part in (flow.rule, f"({flow.origin or flow.flow})") if part)

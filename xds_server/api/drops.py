"""The route about drops: what bridges let nobody have, by cause and stage."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from xds_server.api.access import Access
from xds_server.controller.counting import Dropped, drops
from xds_server.controller.errors import NotFoundError
from xds_server.controller.state import State

router = APIRouter(prefix="/v1", tags=["bridges"])


class DropView(BaseModel):
    """Packets that a bridge dropped at one stage for one cause."""

    cause: str
    stage: str = Field(description="Table of the pipeline with its number, meter or queue.")
    subject: str = Field(description="Rule, workload, service, segment or tenant; or empty.")
    packets: int
    bytes: int
    dropped: bool = Field(description="False where an audit only tells what would be dropped.")
    reason: str
    origin: str = Field(description="File and line behind it; empty if nobody wrote it.")


class HostDropsView(BaseModel):
    """What one host's bridge dropped since its flows were written."""

    host: str
    bridge: str
    counted: bool = Field(description="False for a bridge that is away, or does not answer.")
    drops: list[DropView]


@router.get("/drops")
async def dropped(controller: Access, host: str = "") -> list[HostDropsView]:
    """List what bridges dropped, by stage and cause; what is zero is left out."""
    answers = await controller.counting.look()
    state = controller.state
    found = drops(state, answers)
    return [_of(state, one, one in answers, found) for one in _hosts(state, host)]


def _hosts(state: State, host: str) -> list[str]:
    if host and host not in state.plan.host:
        raise NotFoundError(f"no host {host} is declared, apply its Host document")
    return [host] if host else sorted(state.plan.host)


def _of(state: State, host: str, counted: bool, found: tuple[Dropped, ...]) -> HostDropsView:
    own = [_view(one) for one in found if one.host == host]
    bridge = state.plan.host[host].bridge
    return HostDropsView(host=host, bridge=bridge, counted=counted, drops=own)


def _view(one: Dropped) -> DropView:
    return DropView(
        cause=one.drop.cause,
        stage=one.stage,
        subject=one.drop.subject,
        packets=one.packets,
        bytes=one.bytes,
        dropped=one.drop.dropped,
        reason=one.drop.reason,
        origin=one.drop.origin,
    )

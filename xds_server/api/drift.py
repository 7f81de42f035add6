"""Routes about drift: what bridges hold beside what they should, and mending it."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from xds_server.api.access import Access
from xds_server.api.models import Body
from xds_server.controller.drift import HostDrift
from xds_server.controller.service import Controller

router = APIRouter(prefix="/v1", tags=["bridges"])


class DifferenceView(BaseModel):
    """One flow, group, port or queue that is not as it should be."""

    kind: str = Field(description="missing, changed, left over, or foreign.")
    what: str
    origin: str = Field(description="File and line of the policy behind it; empty if unknown.")


class DriftView(BaseModel):
    """How one host's bridge differs from what it should hold."""

    host: str
    seen: str = Field(description="compared; away: not connected; silent: it does not answer.")
    differences: list[DifferenceView]


class FixBody(Body):
    """Which bridges to mend."""

    host: str = Field("", description="One host; empty for every one.")


@router.get("/drift")
async def drift(controller: Access, host: str = "") -> list[DriftView]:
    """Compare what bridges hold, each flow, group and queue, with what they should."""
    return [_view(await controller.drift.look(one)) for one in _hosts(controller, host)]


@router.post("/drift")
async def fix(controller: Access, body: FixBody) -> list[DriftView]:
    """Mend what differs, remove what is foreign outside spared tables, and compare again."""
    return [
        _view(await controller.drift.look(one, fix=True)) for one in _hosts(controller, body.host)
    ]


def _hosts(controller: Controller, host: str) -> list[str]:
    return [host] if host else sorted(controller.state.plan.host)


def _view(found: HostDrift) -> DriftView:
    return DriftView(
        host=found.host,
        seen=str(found.seen),
        differences=[
            DifferenceView(kind=d.kind, what=d.what, origin=d.origin) for d in found.differences
        ],
    )

"""Routes that answer what holds: objects, revisions and the state of every device."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from xds_server.api.access import Access
from xds_server.api.models import (
    ObjectView,
    RevisionInFull,
    RevisionView,
    StatusView,
    WaitView,
)
from xds_server.api.views import device_view, object_view, progress_views, revision_view
from xds_server.controller.merge import stored
from xds_server.controller.service import Controller
from xds_server.controller.state import State as Known

router = APIRouter(prefix="/v1", tags=["state"])


@router.get("/objects")
async def objects(
    controller: Access,
    kind: str = "",
    tenant: str = "",
    name: str = "",
    revision: Annotated[int | None, Query(ge=1)] = None,
) -> list[ObjectView]:
    """List the objects that hold, or that held as of a revision, sorted by key."""
    if revision is None:
        found = [stored(document) for document in controller.holds.documents.values()]
    else:
        await controller.repository.revision(revision)
        found = list(await controller.repository.objects(revision))
    return [
        object_view(one)
        for one in sorted(found)
        if kind.lower() in ("", one.kind.lower())
        and tenant in ("", one.tenant)
        and name in ("", one.name)
    ]


@router.get("/status")
async def status(controller: Access) -> StatusView:
    """Answer the state of every device, per type."""
    state = controller.state
    return StatusView(
        revision=state.revision,
        acked=state.acked,
        store=controller.ledger.trouble,
        devices=[device_view(d, known) for d, known in sorted(state.status.devices.items())],
    )


@router.get("/revisions")
async def revisions(
    controller: Access, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> list[RevisionView]:
    """List the newest revisions, newest first."""
    stored = await controller.repository.revisions(limit)
    return [revision_view(controller.ledger.complete(one)) for one in stored]


@router.get("/revisions/{number}")
async def revision(controller: Access, number: int) -> RevisionInFull:
    """Answer one revision, and how far it came on each device."""
    found = controller.ledger.complete(await controller.repository.revision(number))
    rows = await controller.progress(number)
    devices = progress_views(rows, current=number == controller.state.revision)
    return RevisionInFull(**revision_view(found).model_dump(), devices=devices)


@router.get("/revisions/{number}/wait")
async def wait(
    controller: Access,
    number: int,
    level: Literal["compiled", "acked"] = "acked",
    timeout: Annotated[float, Query(ge=0, le=300, description="Seconds.")] = 30,
) -> WaitView:
    """Answer once the revision is compiled, or runs on every connected device, or time is up."""
    await controller.repository.revision(number)

    def reached(state: Known) -> bool:
        return state.revision >= number and (level == "compiled" or state.acked)

    done = await controller.until(reached, timeout)
    return await _waited(controller, number, level, done)


async def _waited(controller: Controller, number: int, level: str, done: bool) -> WaitView:
    status = controller.state.status
    declared = [(device, k.connected) for device, k in status.devices.items() if k.declared]
    here = sum(1 for _, connected in declared if connected)
    revision = controller.ledger.complete(await controller.repository.revision(number))
    return WaitView(
        revision=number,
        level=level,
        reached=done,
        seconds=revision.acked_after,
        synced=here - len(status.behind),
        outstanding=[f"{device} {state}" for device, state in sorted(status.behind.items())],
        absent=[str(device) for device in sorted(d for d, connected in declared if not connected)],
    )

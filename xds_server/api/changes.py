"""Routes that change the network: apply, delete and roll back; and diff, which only asks."""

from __future__ import annotations

from fastapi import APIRouter

from xds_server.api.access import Access
from xds_server.api.models import ApplyBody, DeleteBody, OutcomeView, RollbackBody
from xds_server.api.views import outcome_view
from xds_server.controller.errors import UnsafeError
from xds_server.controller.values import SourceFile

router = APIRouter(prefix="/v1", tags=["changes"])


def _files(body: ApplyBody) -> list[SourceFile]:
    return [SourceFile(file.name, file.text) for file in body.files]


@router.post("/apply")
async def apply(body: ApplyBody, controller: Access) -> OutcomeView:
    """Merge files into what holds; an error anywhere means that nothing is stored."""
    outcome = await controller.apply(
        _files(body),
        body.author,
        body.message,
        dry_run=body.dry_run,
        prune=body.prune,
        allow_shrink=body.allow_shrink,
    )
    return outcome_view(outcome)


@router.post("/diff")
async def diff(body: ApplyBody, controller: Access) -> OutcomeView:
    """Answer what applying these files would change."""
    outcome = await controller.apply(
        _files(body), "", "", dry_run=True, prune=body.prune, allow_shrink=True
    )
    return outcome_view(outcome)


@router.post("/delete")
async def delete(body: DeleteBody, controller: Access) -> OutcomeView:
    """Remove objects; refused while others refer to them."""
    if body.all == bool(body.keys):
        raise UnsafeError("name the objects to delete, or ask for all of them, and not both")
    keys = list(controller.holds.documents) if body.all else body.keys
    outcome = await controller.delete(keys, body.author, body.message, dry_run=body.dry_run)
    return outcome_view(outcome)


@router.post("/rollback")
async def rollback(body: RollbackBody, controller: Access) -> OutcomeView:
    """Make an earlier revision hold again, exactly, as a new revision."""
    message = body.message or f"roll back to revision {body.revision}"
    outcome = await controller.rollback(body.revision, body.author, message, dry_run=body.dry_run)
    return outcome_view(outcome)

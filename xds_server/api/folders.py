"""Routes about folders that the server watches: what came of their last reading, and a new one."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from xds_server.api.models import DiagnosticView
from xds_server.api.sources import Watched
from xds_server.api.views import diagnostic_views
from xds_server.controller.errors import NotFoundError
from xds_server.controller.providing import FolderState

router = APIRouter(prefix="/v1/folders", tags=["folders"])


class FolderView(BaseModel):
    """A folder, and whether what it holds is what is served."""

    name: str = Field(description="What it holds: resources or secrets.")
    path: str
    state: str = Field(description="served, or refused: the last good set is served then.")
    at: float = Field(description="Of the last reading, in seconds since the epoch.")
    count: int = Field(description="How many are served.")
    nodes: int = Field(description="Nodes that have a folder of their own.")
    checkers: int = Field(description="Nodes that check endpoints for all others.")
    error: str = Field(description="Why it is refused, where no file is at fault.")
    findings: list[DiagnosticView]


@router.get("")
async def folders(sources: Watched) -> list[FolderView]:
    """List the folders that are watched."""
    return [_view(state) for state in sources.folders.states()]


@router.post("/resources/reload")
async def reload(sources: Watched, allow_shrink: bool = False) -> FolderView:
    """Read the folder of resources now, also if proxies lose what the size guard keeps."""
    folder = sources.folders.resources
    if folder is None:
        raise NotFoundError("no folder of resources is served; start fsdn serve with --resources")
    return _view(await folder.reload(allow_shrink=allow_shrink))


def _view(state: FolderState) -> FolderView:
    return FolderView(
        name=state.name,
        path=state.path,
        state=str(state.state),
        at=state.at,
        count=state.count,
        nodes=state.nodes,
        checkers=state.checkers,
        error=state.error,
        findings=diagnostic_views(state.findings),
    )

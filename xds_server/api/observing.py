"""Routes that show what proxies report: requests as they happen, loads, and metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from translators.plan.model import Plan
from xds_server.api.access import Access
from xds_server.api.seen import EntryView, entry_view
from xds_server.api.sources import Watched
from xds_server.protocols.reports.entries import Outcome
from xds_server.protocols.reports.ring import Numbered

router = APIRouter(tags=["observation"])


class LoadView(BaseModel):
    """The last load of one locality of a cluster, as a proxy reported it."""

    node: str
    cluster: str
    locality: str
    at: float
    interval: float = Field(description="Seconds that the counts are of.")
    issued: int
    succeeded: int
    failed: int
    in_progress: int
    dropped: int = Field(description="Of the whole cluster.")
    rate: float = Field(description="Requests a second.")


class Wanted(BaseModel):
    """Which entries to show; what is empty matches everything."""

    verdict: Outcome | None = Field(None, description="Only requests with this outcome.")
    source: str = Field("", description="Workload, as tenant/name or name, or address.")
    service: str = Field("", description="Service, as tenant/name or name, or address.")
    rule: str = Field("", description="Name of the rule that decided.")
    last: int = Field(100, ge=0, le=10_000, description="How many recent entries at most.")
    follow: bool = Field(False, description="Go on with new entries as they come.")

    def covers(self, one: EntryView) -> bool:
        """Whether an entry is wanted."""
        return (
            self.verdict in (None, one.verdict)
            and _names(self.source, one.source, one.source_address)
            and _names(self.service, one.service, one.destination)
            and self.rule in ("", one.rule)
        )


def _names(wanted: str, name: str, address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    return wanted in ("", name, name.rpartition("/")[2], address, host)


@router.get("/v1/load")
async def load(sources: Watched) -> list[LoadView]:
    """List the last load of every cluster, by proxy, cluster and locality."""
    return [
        LoadView(
            node=key.node,
            cluster=key.cluster,
            locality=key.locality,
            at=one.at,
            interval=one.interval,
            issued=one.issued,
            succeeded=one.succeeded,
            failed=one.failed,
            in_progress=one.in_progress,
            dropped=one.dropped,
            rate=one.rate,
        )
        for key, one in sources.loads.rows()
    ]


@router.get(
    "/v1/observe",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}, "description": "One JSON a line."}},
)
async def observe(
    controller: Access, sources: Watched, wanted: Annotated[Wanted, Query()]
) -> StreamingResponse:
    """Answer recent access log entries, one JSON object a line; an empty line means: still here."""
    lines = _lines(lambda: controller.state.plan, sources, wanted)
    return StreamingResponse(lines, media_type="application/x-ndjson")


async def _lines(plan: Callable[[], Plan], sources: Watched, wanted: Wanted) -> AsyncIterator[str]:
    recent = sources.logs.recent()
    shown = _shown(plan(), recent, wanted)
    for line in shown[len(shown) - min(wanted.last, len(shown)) :]:
        yield line
    if not wanted.follow:
        return
    async for fresh in sources.logs.follow(recent[-1].number if recent else 0):
        for line in _shown(plan(), fresh, wanted) if fresh else ["\n"]:
            yield line


def _shown(plan: Plan, entries: tuple[Numbered, ...], wanted: Wanted) -> list[str]:
    views = (entry_view(plan, one) for one in entries)
    return [view.model_dump_json() + "\n" for view in views if wanted.covers(view)]


@router.get("/metrics", response_class=Response)
async def metrics(sources: Watched) -> Response:
    """Answer the server's metrics in the Prometheus text format."""
    return Response(sources.meters.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

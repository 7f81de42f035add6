"""Routes about health checks: what proxies found out about endpoints, for all others."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from xds_server.api.sources import Watched
from xds_server.protocols.reports.health_table import Finding, HealthTable

router = APIRouter(prefix="/v1/health", tags=["health"])


class WordView(BaseModel):
    """What one proxy says of an endpoint."""

    node: str
    health: str = Field(description="As Envoy says it: HEALTHY, UNHEALTHY, TIMEOUT, ...")
    since: float = Field(description="When it began to say so, in seconds since the epoch.")
    heard: float = Field(description="When it last reported, in seconds since the epoch.")


class EndpointView(BaseModel):
    """An endpoint that proxies are told to check, and what it is taken to be."""

    cluster: str
    endpoint: str = Field(description="Address and port, or the path of a Unix socket.")
    health: str = Field(description="HEALTHY, UNHEALTHY, or UNKNOWN: nobody has said yet.")
    since: float = Field(description="In seconds since the epoch; 0 if that was never known.")
    checkers: list[WordView]


@router.get("")
async def health(sources: Watched) -> list[EndpointView]:
    """List every endpoint that some proxy is to check for the others."""
    return [_view(one, sources.health) for one in sources.health.findings()]


def _view(one: Finding, table: HealthTable) -> EndpointView:
    return EndpointView(
        cluster=one.checked.cluster,
        endpoint=str(one.checked),
        health=one.verdict.health.name,
        since=one.verdict.since,
        checkers=[
            WordView(node=node, health=word.health.name, since=word.since, heard=table.heard(node))
            for node, word in one.words.items()
        ],
    )

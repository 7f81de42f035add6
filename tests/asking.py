"""The API over ASGI, in front of a controller on a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.controlling import Sinks, controlling, shop
from xds_server.api.app import create_app
from xds_server.api.sources import Sources
from xds_server.controller.service import Controller

TOKEN = "a-token-for-tests-only"


@asynccontextmanager
async def asking(
    directory: Path, body_limit: int = 1_000_000, sources: Sources | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, Controller, Sinks]]:
    """Open a client with the right token."""
    async with controlling(directory) as (controller, sinks):
        app: Any = create_app(controller, TOKEN, body_limit, sources)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://api", headers=headers
        ) as client:
            yield client, controller, sinks


def files() -> list[dict[str, str]]:
    """Return the shop's files as a body has them."""
    return [{"name": one.name, "text": one.text} for one in shop()]

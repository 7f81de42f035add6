"""The answers to probes of an orchestrator, which have neither a certificate nor a token."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from xds_server.api.guard import App
from xds_server.controller.service import Controller


def probes(controller: Controller) -> App:
    """Return an application of /healthz and /readyz alone, which say no more than their status.

    Why a server is not ready is for those who may use the API.
    """

    async def alive(_: Request) -> PlainTextResponse:
        return PlainTextResponse("alive\n")

    async def ready(_: Request) -> PlainTextResponse:
        if controller.ledger.trouble:
            return PlainTextResponse("degraded\n", 503)
        return PlainTextResponse("ready\n")

    return Starlette(routes=[Route("/healthz", alive), Route("/readyz", ready)])

"""The REST API as an ASGI application: routes, errors as sentences, and the guard around all."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from xds_server.api import (
    agents,
    bridges,
    changes,
    drift,
    drops,
    folders,
    health,
    host_agents,
    live,
    meaning,
    observing,
    proxies,
    reading,
    sessions,
)
from xds_server.api.guard import App, Guard
from xds_server.api.models import ErrorView
from xds_server.api.sources import Sources
from xds_server.api.views import diagnostic_views
from xds_server.controller.errors import (
    ConflictError,
    ControllerError,
    MachineError,
    NotFoundError,
    RefusedError,
    StoreError,
    UntranslatableError,
)
from xds_server.controller.service import Controller

_ROUTES = (
    changes,
    reading,
    meaning,
    live,
    agents,
    host_agents,
    bridges,
    drift,
    drops,
    sessions,
    observing,
    proxies,
    folders,
    health,
)
_STATUS: dict[type[Exception], int] = {
    MachineError: 503,
    NotFoundError: 404,
    ConflictError: 409,
    RefusedError: 422,
    UntranslatableError: 422,
    StoreError: 503,
}


def create_app(
    controller: Controller,
    token: str,
    body_limit: int = 20_000_000,
    sources: Sources | None = None,
) -> App:
    """Return the API of a controller; /v1 and, unless opened, /metrics want the bearer token."""
    watched = sources or Sources()
    app = FastAPI(
        title="Full-stack SDN",
        version=version("fullstack-sdn"),
        description="One policy language for proxies, vswitches and the fabric.",
        responses={code: {"model": ErrorView} for code in (401, 413, 422)},
    )
    app.state.controller, app.state.sources = controller, watched
    for module in _ROUTES:
        app.include_router(module.router)
    app.add_api_route("/healthz", _alive, include_in_schema=False)
    app.add_api_route("/readyz", _ready, include_in_schema=False)
    app.add_exception_handler(ControllerError, _refused)
    app.add_exception_handler(MachineError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(Exception, _broken)
    closed = ("/v1",) if watched.open_metrics else ("/v1", "/metrics")
    return Guard(app, token, body_limit, closed)


async def _alive() -> dict[str, str]:
    """Answer as long as the event loop turns."""
    return {"status": "alive"}


async def _ready(request: Request) -> JSONResponse:
    """Answer once the last revision is compiled and published, which is before we listen.

    While the database fails, devices are served and changes are not: that is 503 with the reason.
    """
    controller: Controller = request.app.state.controller
    trouble = controller.ledger.trouble
    told = {"status": "degraded" if trouble else "ready", "revision": controller.state.revision}
    return JSONResponse({**told, "store": trouble} if trouble else told, 503 if trouble else 200)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    diagnostics = error.diagnostics if isinstance(error, RefusedError) else ()
    view = ErrorView(error=str(error), diagnostics=diagnostic_views(diagnostics))
    return JSONResponse(view.model_dump(), _status(error))


def _status(error: Exception) -> int:
    """Return the code of the nearest kind of error that has one."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 400)


async def _broken(_request: Request, error: Exception) -> JSONResponse:
    """Answer in our form; the server then logs the error with its traceback, as a bug of ours."""
    view = ErrorView(
        error=f"the server failed ({type(error).__name__}), which is a bug; its log has the details"
    )
    return JSONResponse(view.model_dump(), 500)


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = "; ".join(
        f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
    )
    view = ErrorView(error=f"the request is malformed: {found}; see /docs for its form")
    return JSONResponse(view.model_dump(), 422)

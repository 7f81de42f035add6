"""How a route reaches the controller."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from xds_server.controller.service import Controller


def _controller(request: Request) -> Controller:
    found: Controller = request.app.state.controller
    return found


Access = Annotated[Controller, Depends(_controller)]

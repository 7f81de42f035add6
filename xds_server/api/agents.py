"""Routes for agents: a switch's configuration by long poll, its reports, and a host's facts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from translators.plan.model import Host
from xds_server.api.access import Access
from xds_server.api.models import HostView, ReportBody, SwitchConfigView, WorkloadView
from xds_server.controller.errors import NotFoundError
from xds_server.controller.service import Controller
from xds_server.controller.state import State
from xds_server.controller.switches import find_switch

router = APIRouter(prefix="/v1", tags=["agents"])


@router.get(
    "/switches/{name}/config",
    response_model=SwitchConfigView,
    responses={204: {"description": "Nothing newer than ``version`` within ``wait`` seconds."}},
)
async def config(
    controller: Access,
    name: str,
    version: str = "",
    wait: Annotated[float, Query(ge=0, le=60, description="Seconds.")] = 0,
) -> SwitchConfigView | Response:
    """Answer the configuration as soon as it differs from ``version``, or 204."""
    find_switch(controller.state, name)
    controller.switches.polled(name)

    def differs(state: State) -> bool:
        wanted = state.targets.switches.get(name)
        return wanted is None or wanted.version != version

    fresh = await controller.until(differs, wait)
    wanted = find_switch(controller.state, name)
    if not fresh:
        return Response(status_code=204)
    controller.switches.offered(name, wanted.version)
    return SwitchConfigView(switch=name, version=wanted.version, frr=wanted.frr, links=wanted.links)


@router.post("/switches/{name}/report", status_code=204)
async def report(controller: Access, name: str, body: ReportBody) -> None:
    """Take note of what a switch's agent did."""
    find_switch(controller.state, name)
    line = str(body.line)
    if body.state == "failed":
        controller.switches.failed(name, body.version, body.reason, line, body.detail)
    else:
        controller.switches.applied(name, body.version, body.written, body.detail)


@router.get("/hosts/{name}")
async def host(controller: Access, name: str) -> HostView:
    """Answer what a host's agent needs to prepare the host."""
    return _host_view(controller, name)


def _host_view(controller: Controller, name: str) -> HostView:
    plan, found = controller.state.plan, declared_host(controller, name)
    return HostView(
        name=found.name,
        bridge=found.bridge,
        datapath=f"{found.datapath_id:016x}",
        datapath_id=found.datapath_id,
        proxy_port=found.proxy_port,
        tunnel_port=found.tunnel_port,
        tunnel=None if found.tunnel is None else str(found.tunnel),
        gateway=None if found.gateway is None else str(found.gateway),
        workloads=[
            WorkloadView(
                name=e.name,
                port=e.port,
                mac=e.mac,
                addresses=[str(address) for address in e.addresses],
                gateways=[str(address) for address in plan.segment[e.segment].gateways],
                mtu=plan.segment[e.segment].mtu,
            )
            for e in plan.endpoints
            if e.host == name
        ],
    )


def declared_host(controller: Controller, name: str) -> Host:
    """Return a host of the plan; raise NotFoundError if none of this name is declared."""
    hosts = controller.state.plan.host
    if name not in hosts:
        raise _unknown_host(name, sorted(hosts))
    return hosts[name]


def _unknown_host(name: str, known: list[str]) -> NotFoundError:
    listed = ", ".join(known[:10]) or "none yet"
    return NotFoundError(f"no host {name} is declared (known: {listed}), apply its Host document")

"""Routes for sessions: who is connected with whom, and the end of one of them."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from xds_server.api.access import Access
from xds_server.api.agents import declared_host
from xds_server.controller.errors import MachineError, NotFoundError
from xds_server.controller.host_agents import AgentAwayError, Sessions
from xds_server.controller.service import Controller
from xds_server.controller.sessions import Session, Wanted, sessions_of
from xds_server.protocols.openflow.punted import Door

router = APIRouter(prefix="/v1", tags=["sessions"])


class SessionView(BaseModel):
    """A live connection."""

    id: str
    host: str = Field(description="Where its client is.")
    protocol: str
    path: str = Field(description="direct, or the client or proxy half of a captured one.")
    source: str = Field(description="Workload; empty where the plan knows none.")
    source_address: str
    destination_address: str = Field(description="What the client has asked for.")
    service: str = Field(description="By which it was addressed; empty: directly.")
    endpoint: str = Field(description="Workload that answers.")
    endpoint_address: str
    draining: bool = Field(description="The endpoint gets no new sessions of the service.")
    rule: str = Field(description="That admitted it; empty: a default, or a rule that is gone.")
    origin: str = Field(description="File and line of the rule.")
    state: str = Field(description="Of TCP, by connection tracking.")
    age: float | None = Field(description="Seconds; null: older than its host's agent.")
    packets: int | None = Field(description="Both ways; null where the vswitch does not count.")
    bytes: int | None


class SessionsView(BaseModel):
    """Sessions, and why those of some hosts are missing."""

    sessions: list[SessionView]
    missing: dict[str, str] = Field(description="By host.")
    left_off: int = Field(description="How many more there are.")


@router.get("/sessions")
async def sessions(
    controller: Access,
    workload: Annotated[str, Query(description="At either end, as tenant/name or name.")] = "",
    service: Annotated[str, Query(description="As tenant/name or name.")] = "",
    policy: Annotated[str, Query(description="That admitted it, as tenant/name or name.")] = "",
    host: Annotated[str, Query(description="Where the client is.")] = "",
    limit: Annotated[int, Query(ge=1, le=100_000)] = 1000,
) -> SessionsView:
    """List the sessions of all hosts, or of one, as their agents see them now."""
    names = [declared_host(controller, host).name] if host else sorted(controller.state.plan.host)
    found, missing, left = await _asked(controller, names)
    wanted = Wanted(workload, service, policy)
    kept = [one for one in found if wanted.covers(one)]
    views = [session_view(one) for one in kept[:limit]]
    return SessionsView(sessions=views, missing=missing, left_off=left + len(kept) - len(views))


@router.post("/sessions/{identifier}/kill")
async def kill(controller: Access, identifier: str) -> SessionView:
    """End one session: both ends of a TCP connection get a reset at their next packet."""
    host = declared_host(controller, identifier.rpartition("-")[0]).name
    found, missing, _ = await _asked(controller, [host])
    if missing:
        raise MachineError(missing[host])
    one = next((session for session in found if session.id == identifier), None)
    if one is None:
        raise NotFoundError(
            f"there is no session {identifier}, it may have ended: see 'fsdn get sessions'"
        )
    controller.cuts.kill(one)
    return session_view(one)


async def _asked(
    controller: Controller, names: list[str]
) -> tuple[list[Session], dict[str, str], int]:
    plan = controller.state.plan
    zones = tuple(sorted({segment.zone for segment in plan.segments}))
    asked = (controller.host_agents.ask(name, Sessions(zones)) for name in names)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    found: list[Session] = []
    missing: dict[str, str] = {}
    left = 0
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, AgentAwayError):
            missing[name] = str(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found += sessions_of(plan, name, answer)
            left += answer.left_off
    return found, missing, left


def session_view(one: Session) -> SessionView:
    """Return a session as it is shown."""
    return SessionView(
        id=one.id,
        host=one.host,
        protocol=one.protocol,
        path=one.path,
        source=one.source,
        source_address=_text(one.ends.client),
        destination_address=_text(one.ends.virtual),
        service=one.service,
        endpoint=one.endpoint,
        endpoint_address=_text(one.ends.server or one.ends.virtual),
        draining=one.draining,
        rule=one.rule,
        origin=one.origin,
        state=one.state,
        age=one.age,
        packets=one.packets,
        bytes=one.bytes,
    )


def _text(door: Door) -> str:
    address, port = door
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"

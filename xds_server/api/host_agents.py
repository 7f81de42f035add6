"""Routes for host agents: our questions by long poll, and their answers."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from xds_server.api.access import Access
from xds_server.api.agents import declared_host
from xds_server.api.models import Body
from xds_server.controller.host_agents import Answer, Question, Seen, Sessions
from xds_server.protocols.unixctl.conntrack import Connection, Way

router = APIRouter(prefix="/v1", tags=["agents"])
Port = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(ge=0)]
Address = IPv4Address | IPv6Address


class QuestionView(BaseModel):
    """What a host is asked."""

    number: int = Field(description="Goes back with the answer.")
    ask: Literal["sessions", "trace"] = Field(description="What is wanted.")
    zones: list[int] = Field(
        default=[], description="Conntrack zones whose connections are wanted."
    )
    bridge: str = Field(default="", description="Through which a packet is to be traced.")
    flow: str = Field(default="", description="That packet, as ofproto/trace takes it.")
    states: list[str] = Field(
        default=[], description="What each pass through conntrack is to find."
    )


class ConnectionBody(Body):
    """A connection that the host's vswitch tracks."""

    protocol: Annotated[int, Field(ge=0, le=255)]
    source: Address
    source_port: Port
    destination: Address
    destination_port: Port
    server: Address = Field(description="Who answers: the endpoint behind a virtual address.")
    server_port: Port
    zone: Annotated[int, Field(ge=0, le=65535)]
    mark: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
    label: str = Field(pattern="^[0-9a-f]{1,32}$")
    state: str = Field("", max_length=100)
    age: float | None = Field(None, ge=0, description="Seconds; null: since before the agent.")
    packets: Count | None = None
    bytes: Count | None = None


class AnswerBody(Body):
    """What a host's agent found."""

    number: int
    rows: list[ConnectionBody] = []
    left_off: Count = Field(0, description="Connections that were too many for one answer.")
    unread: Count = Field(0, description="Lines of the vswitch that made no sense.")
    error: str = Field("", max_length=10_000, description="Why there is no answer.")
    text: str = Field("", max_length=1_000_000, description="What ofproto/trace printed.")


@router.get(
    "/hosts/{name}/question",
    response_model=QuestionView,
    responses={204: {"description": "No question within ``wait`` seconds."}},
)
async def question(
    controller: Access,
    name: str,
    wait: Annotated[float, Query(ge=0, le=60, description="Seconds.")] = 0,
) -> QuestionView | Response:
    """Answer what the host is asked, as soon as it is."""
    declared_host(controller, name)
    found = await controller.host_agents.question(name, wait)
    if found is None:
        return Response(status_code=204)
    return _question(found)


@router.post("/hosts/{name}/answer", status_code=204)
async def answer(controller: Access, name: str, body: AnswerBody) -> None:
    """Take a host's answer."""
    declared_host(controller, name)
    seen = tuple(Seen(_connection(row), row.age) for row in body.rows)
    told = Answer(seen, body.left_off, body.unread, body.error, body.text)
    controller.host_agents.answer(name, body.number, told)


def _question(found: Question) -> QuestionView:
    what = found.what
    if isinstance(what, Sessions):
        return QuestionView(number=found.number, ask="sessions", zones=list(what.zones))
    return QuestionView(
        number=found.number,
        ask="trace",
        bridge=what.bridge,
        flow=what.flow,
        states=list(what.states),
    )


def _connection(row: ConnectionBody) -> Connection:
    there = (row.source, row.destination, row.source_port, row.destination_port)
    back = (row.server, row.source, row.server_port, row.source_port)
    original = Way(*there, row.packets, row.bytes)
    label = int(row.label, 16)
    return Connection(row.protocol, original, Way(*back), row.zone, row.mark, label, row.state)

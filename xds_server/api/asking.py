"""Questions about a connection or a request, and their answers, from a plan alone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from translators.explain import Explanation, Question, QuestionError, explain, packet_of
from translators.plan.evaluate import Packet
from translators.plan.http import Request
from translators.plan.model import ICMP, TCP, UDP, Plan
from xds_server.api.models import ExplanationView, StepView
from xds_server.controller.errors import NotFoundError

_PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "": None}


class Asked(BaseModel):
    """A question about one connection or request."""

    source: str = Field(description="Workload, as tenant/name or name.")
    destination: str = Field(description="Workload, service, host name or address.")
    tenant: str = ""
    protocol: Literal["", "tcp", "udp", "icmp"] = ""
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    family: Literal["", "4", "6"] = ""
    method: str = Field("", description="Of an HTTP request; empty to ask about the connection.")
    path: str = "/"
    host: str = ""
    header: list[str] = Field([], description="As name:value.")


def asked_packet(plan: Plan, asked: Asked) -> Packet:
    """Return the packet that a question is about; raises NotFoundError for unknown names."""
    protocol = TCP if asked.method and not asked.protocol else _PROTOCOLS[asked.protocol]
    family = int(asked.family) if asked.family else None
    question = Question(asked.source, asked.destination, asked.tenant, protocol, asked.port, family)
    try:
        return packet_of(plan, question)
    except QuestionError as error:
        raise NotFoundError(str(error)) from error


def answer(plan: Plan, asked: Asked) -> ExplanationView:
    """Answer a question from a plan; raises NotFoundError for names that it does not have."""
    packet = asked_packet(plan, asked)
    service = plan.by_vip.get(packet.destination)
    host = asked.host or (service.hostnames[0] if service and service.hostnames else "")
    return _view(explain(plan, packet, _request(asked, host) if asked.method else None))


def _request(asked: Asked, host: str) -> Request:
    pairs = (header.partition(":") for header in asked.header)
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
    return Request(asked.method.upper(), asked.path, host, headers)


def _view(found: Explanation) -> ExplanationView:
    verdict, packet = found.verdict, found.packet
    return ExplanationView(
        action=str(verdict.action),
        layer=str(verdict.layer),
        rule=verdict.rule or "",
        reason=verdict.reason,
        steered=verdict.steered,
        source=f"{packet.endpoint} ({packet.source})",
        destination=str(packet.destination),
        affinity=verdict.affinity or "",
        targets=[f"{t.endpoint}:{t.port} (weight {t.weight})" for t in verdict.targets],
        steps=[
            StepView(
                layer=s.layer,
                device=s.device,
                verdict=s.verdict,
                native=s.native,
                rule=s.rule,
                origin=s.origin,
                reason=s.reason,
            )
            for s in found.steps
        ],
    )

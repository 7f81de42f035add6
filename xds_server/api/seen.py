"""An access log entry in the words of the policy: workloads and services instead of addresses."""

from __future__ import annotations

from ipaddress import ip_address

from pydantic import BaseModel, Field

from translators.plan.model import Address, Plan
from xds_server.protocols.reports.entries import Outcome
from xds_server.protocols.reports.ring import Numbered


class EntryView(BaseModel):
    """One request, or one connection of a port without requests."""

    number: int = Field(description="In order of arrival; a gap means that entries were missed.")
    at: float = Field(description="Seconds since the epoch, by the proxy's clock.")
    verdict: Outcome
    node: str
    source: str = Field(description="Workload; empty where the address is nobody's.")
    source_address: str
    service: str = Field(description="Service; empty where the address is nobody's.")
    destination: str
    upstream: str = Field(description="The endpoint that answered, if any.")
    rule: str
    origin: str = Field(description="File and line of the rule.")
    method: str = Field(description="Empty for a connection.")
    authority: str
    path: str = Field(description="Without the query, which may hold secrets.")
    status: int
    request: str = Field(description="The request's id.")
    reason: str
    seconds: float


def entry_view(plan: Plan, numbered: Numbered) -> EntryView:
    """Return the entry with the names that its addresses and its rule have in this plan."""
    one = numbered.entry
    origin = one.origin or next((str(r.origin) for r in plan.rules if r.name == one.rule), "")
    return EntryView(
        number=numbered.number,
        at=one.at,
        verdict=one.outcome,
        node=one.node,
        source=_workload(plan, one.source),
        source_address=_pair(one.source, one.source_port),
        service=_service(plan, one.destination),
        destination=_pair(one.destination, one.destination_port),
        upstream=one.upstream,
        rule=one.rule,
        origin=origin,
        method=one.method,
        authority=one.authority,
        path=one.path,
        status=one.status,
        request=one.request,
        reason=one.reason,
        seconds=one.seconds,
    )


def _workload(plan: Plan, host: str) -> str:
    address = _address(host)
    found = plan.by_address.get(address) if address is not None else None
    return found.name if found is not None else ""


def _service(plan: Plan, host: str) -> str:
    address = _address(host)
    found = plan.by_vip.get(address) if address is not None else None
    return found.name if found is not None else ""


def _address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None  # a pipe, or nothing


def _pair(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

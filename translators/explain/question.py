"""Questions in names: from ``web`` and ``reviews`` to the packet and request that are meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_address

from translators.plan.evaluate import Packet
from translators.plan.model import (
    ICMP,
    ICMPV6,
    TCP,
    Address,
    Endpoint,
    Plan,
    Service,
)

EPHEMERAL = 40000  # a source port that stands for any: no rule asks for it


class QuestionError(ValueError):
    """The question names something that does not exist; the text says what does."""


@dataclass(frozen=True, slots=True)
class Question:
    """What an operator asks. Names are ``tenant/name``, or ``name`` where that is unambiguous.

    ``protocol`` is the IANA number, None for that of the service's only port; ``port`` 0 means
    the service's only port; ``family`` is 4, 6 or None for the first that both sides have.
    """

    source: str
    destination: str
    tenant: str = ""
    protocol: int | None = None
    port: int = 0
    family: int | None = None


def packet_of(plan: Plan, question: Question) -> Packet:
    """Return the first packet of the connection that is asked about.

    Raises QuestionError when a name, a port or a common address family is missing.
    """
    source = _workload(plan, question.source, question.tenant)
    addresses, service = _destination(plan, question, source)
    ours, theirs = _pair(source, addresses, question)
    protocol, port = _door(service, question)
    if protocol in (ICMP, ICMPV6):
        protocol = ICMP if ours.version == 4 else ICMPV6
    source_port = EPHEMERAL if port else 0
    return Packet(source.name, ours, theirs, protocol, source_port, port)


def _destination(
    plan: Plan, question: Question, source: Endpoint
) -> tuple[tuple[Address, ...], Service | None]:
    try:
        address = ip_address(question.destination)
    except ValueError:
        return _named(plan, question, source)
    return (address,), plan.by_vip.get(address)


def _named(
    plan: Plan, question: Question, source: Endpoint
) -> tuple[tuple[Address, ...], Service | None]:
    name = question.destination
    for service in plan.services:
        if name.lower() in service.hostnames:
            return service.vips, service
    known = {*plan.service, *plan.endpoint}
    full = _full(name, question.tenant or source.tenant, known, "workload, service or host name")
    # A service and a workload may share a name; the service is what clients address.
    found = plan.service.get(full)
    return (plan.endpoint[full].addresses, None) if found is None else (found.vips, found)


def _workload(plan: Plan, name: str, tenant: str) -> Endpoint:
    return plan.endpoint[_full(name, tenant, plan.endpoint, "workload")]


def _full(name: str, tenant: str, known: Iterable[str], what: str) -> str:
    names = sorted(known)
    if "/" in name:
        found = [name] if name in names else []
    else:
        found = [n for n in names if n.partition("/")[2] == name]
        found = [n for n in found if n == f"{tenant}/{name}"] or found
    if len(found) == 1:
        return found[0]
    if found:
        raise QuestionError(f"{name!r} is ambiguous: {', '.join(found)}; name the tenant too")
    close = get_close_matches(name, [*names, *(n.partition("/")[2] for n in names)], n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(names[:10]) or 'none'}"
    raise QuestionError(f"there is no {what} {name!r}, {hint}")


def _pair(
    source: Endpoint, addresses: tuple[Address, ...], question: Question
) -> tuple[Address, Address]:
    for theirs in sorted(addresses, key=lambda a: a.version):
        for ours in source.addresses:
            if ours.version == theirs.version and question.family in (None, ours.version):
                return ours, theirs
    asked = f" for IPv{question.family}" if question.family else ""
    raise QuestionError(
        f"{source.name} and {question.destination} have no addresses of one family{asked}, "
        "give both an IPv4 or both an IPv6 address"
    )


def _door(service: Service | None, question: Question) -> tuple[int, int]:
    protocol, port = question.protocol, question.port
    if port or protocol not in (None, TCP) or service is None:
        if protocol is None:
            raise QuestionError("say what is sent: --tcp PORT, --udp PORT, --icmp or --http")
        return protocol, port
    if len(service.ports) != 1:
        listed = ", ".join(f"{p.port} ({p.name})" for p in service.ports)
        raise QuestionError(f"{service.name} has the ports {listed}: say which with --tcp PORT")
    return service.ports[0].protocol.transport, service.ports[0].port

"""Whether addresses lie in their segments, and cables and ports lead to what exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translators.compiler.draft import Draft, finding
from translators.compiler.references import refer, refer_plain
from translators.diagnostics import Diagnostic
from translators.plan.model import Address
from translators.policy.document import Document
from translators.policy.host import Host
from translators.policy.link import Link
from translators.policy.segment import Segment
from translators.policy.switch import Switch


def wiring(draft: Draft) -> list[Diagnostic]:
    """Return what is wrong with addresses, uplinks, links and bare ports."""
    findings = list(_strangers(draft))
    _fabric(draft, findings)
    return findings


def _strangers(draft: Draft) -> Iterator[Diagnostic]:
    segments = {d.reference: model for d, model in draft.catalogue.of(Segment)}
    for member in draft.members.values():
        addresses = member.model.spec.addresses
        yield from _outside(member.document, addresses, segments[member.segment], member.segment)
    for group in draft.groups.values():
        given = group.model.spec.addresses or ()
        yield from _outside(group.document, given, segments[group.segment], group.segment)


def _outside(
    document: Document, addresses: Iterable[Address], segment: Segment, name: str
) -> Iterator[Diagnostic]:
    subnets = segment.spec.subnets
    for index, address in enumerate(addresses):
        if not any(address in subnet for subnet in subnets):
            known = ", ".join(str(subnet) for subnet in subnets)
            message = f"{address} lies outside segment {name} ({known})"
            yield finding("FS2008", document, ("spec", "addresses", index), message)


def _fabric(draft: Draft, findings: list[Diagnostic]) -> None:
    catalogue = draft.catalogue
    spines = {d.name for d, switch in catalogue.of(Switch) if switch.spec.role == "spine"}
    for document, host in catalogue.of(Host):
        if host.spec.uplink is None:
            continue
        path = ("spec", "uplink", "switch")
        name = host.spec.uplink.switch
        refer_plain(catalogue, document, path, "Switch", name, findings, "FS9001")
        if name in spines:
            message = f"host {document.name} is wired to spine {name}"
            findings.append(finding("FS9005", document, path, message))
    for document, link in catalogue.of(Link):
        for index, end in enumerate(link.spec.ends):
            where = ("spec", "ends", index, "switch")
            refer_plain(catalogue, document, where, "Switch", end.switch, findings, "FS9001")
    for document, switch in catalogue.of(Switch):
        for index, port in enumerate(switch.spec.ports):
            at = ("spec", "ports", index, "segment")
            refer(catalogue, document, at, "Segment", port.segment, findings)

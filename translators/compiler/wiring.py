"""Whether addresses lie in their segments, and cables and ports lead to what exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translators.compiler.catalogue import Catalogue
from translators.compiler.dhcp import server, serving
from translators.compiler.draft import Draft
from translators.compiler.findings import finding
from translators.compiler.references import refer, refer_plain
from translators.compiler.reserved import reserved
from translators.compiler.routers import unroutable
from translators.compiler.table import Table, renewed
from translators.diagnostics import Diagnostic
from translators.plan.model import Address
from translators.policy.document import Document
from translators.policy.host import Host
from translators.policy.link import Link
from translators.policy.segment import Segment
from translators.policy.switch import Switch

_FABRIC = "fabric"  # the name of all that is found about uplinks, links, bare ports and routers


def wiring(draft: Draft, before: Draft) -> Table[None]:
    """Return no rows, but what is wrong with addresses, uplinks, links, ports and routers."""
    catalogue = draft.catalogue
    segments = {d.reference: model for d, model in catalogue.of(Segment)}

    def make(name: str, findings: list[Diagnostic]) -> None:
        kind, _, reference = name.partition("/")
        if name == _FABRIC:
            _fabric(catalogue, findings)
            findings.extend(reserved(catalogue))
            findings.extend(unroutable(catalogue))
        elif kind == "segment" and (document := catalogue.get(Segment, reference)) is not None:
            server(draft, *document, findings)
        elif kind == "workload" and (member := draft.members.rows.get(reference)) is not None:
            given, segment = member.model.spec.addresses, segments[member.segment]
            findings.extend(_outside(member.document, given, segment, member.segment))
        elif kind == "service" and (group := draft.groups.rows.get(reference)) is not None:
            own, segment = group.model.spec.addresses or (), segments[group.segment]
            findings.extend(_outside(group.document, own, segment, group.segment))

    return renewed(before.wiring, _touched(draft), make)


def _touched(draft: Draft) -> set[str]:
    moved = draft.catalogue.touched("Segment")
    members = draft.members.changed.union(draft.members.rows if moved else ())
    groups = draft.groups.changed.union(draft.groups.rows if moved else ())
    names = {f"workload/{name}" for name in members} | {f"service/{name}" for name in groups}
    names |= {f"segment/{name}" for name in moved | serving(draft)}
    fabric = draft.catalogue.touched("Switch", "Link", "Host") | moved
    return {*names, _FABRIC} if fabric else names


def _outside(
    document: Document, addresses: Iterable[Address], segment: Segment, name: str
) -> Iterator[Diagnostic]:
    subnets = segment.spec.subnets
    for index, address in enumerate(addresses):
        if not any(address in subnet for subnet in subnets):
            known = ", ".join(str(subnet) for subnet in subnets)
            message = f"{address} lies outside segment {name} ({known})"
            yield finding("FS2008", document, ("spec", "addresses", index), message)


def _fabric(catalogue: Catalogue, findings: list[Diagnostic]) -> None:
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

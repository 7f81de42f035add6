"""What only one may have: numbers, addresses and ports that two documents claim."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from translators.compiler.draft import Draft
from translators.compiler.findings import finding
from translators.compiler.table import Table, renewed
from translators.diagnostics import Diagnostic
from translators.policy.document import Document, Path
from translators.policy.host import Host
from translators.policy.link import Link
from translators.policy.segment import Segment
from translators.policy.service import Service
from translators.policy.switch import Switch
from translators.policy.workload import Workload


@dataclass(frozen=True, slots=True)
class Claim:
    """A document's claim to something; those of a lower rank, then of an earlier line, go first."""

    scope: str  # claims of one scope and value collide
    value: str
    code: str
    document: Document
    path: Path
    rank: int = 0
    shared: bool = False  # claims of this sort do not collide with one another

    @property
    def holder(self) -> str:
        """The claimant, as a message names it."""
        return f"{self.document.kind.lower()} {self.document.reference}"

    @property
    def name(self) -> str:
        """What is claimed, such as ``VNI 10``."""
        return f"{self.scope} {self.value}"


def claims(draft: Draft, before: Draft) -> Table[tuple[Claim, ...]]:
    """Return all claims by what is claimed; a claim to what another document has is a finding."""
    catalogue = draft.catalogue
    touched = [(k, n) for k in _KINDS for n in catalogue.changed.get(k, ())]
    gone = {f"{kind.lower()}/{name}" for kind, name in touched}
    new: dict[str, list[Claim]] = {}
    names: set[str] = set()
    for kind, name in touched:
        if (document := before.catalogue.kinds.get(kind, {}).get(name)) is not None:
            names.update(claim.name for claim in _of(document))
        if (document := catalogue.kinds.get(kind, {}).get(name)) is not None:
            for claim in _of(document):
                new.setdefault(claim.name, []).append(claim)

    def make(name: str, findings: list[Diagnostic]) -> tuple[Claim, ...] | None:
        kept = [c for c in before.claims.rows.get(name, ()) if c.document.key not in gone]
        found = tuple(sorted([*kept, *new.get(name, ())], key=_precedence))
        findings.extend(_collisions(found))
        return found or None

    return renewed(before.claims, names | new.keys(), make, ordered=False)


def _collisions(claims: tuple[Claim, ...]) -> Iterator[Diagnostic]:
    sharing = sorted((c for c in claims if c.shared), key=lambda claim: claim.document.key)
    single = [c for c in claims if not c.shared or c is sharing[0]]
    for claim in single[1:]:
        first = single[0]
        origin = first.document.at(*first.path)
        message = f"{claim.name} belongs to {first.holder} ({origin})"
        yield finding(claim.code, claim.document, claim.path, message)


def _precedence(claim: Claim) -> tuple[int, str, int, str]:
    origin = claim.document.at(*claim.path)
    return claim.rank, origin.file, origin.line, claim.document.key


def _of_segment(document: Document, segment: Segment) -> Iterator[Claim]:
    spec = segment.spec
    yield Claim("VNI", str(spec.vni), "FS2001", document, ("spec", "vni"))
    if spec.vlan is not None:
        yield Claim("VLAN", str(spec.vlan), "FS2002", document, ("spec", "vlan"))
    yield from _addresses(document, "gateways", spec.gateways, "FS2006", 0)


def _addresses(
    document: Document, field: str, addresses: Iterable[object], code: str, rank: int
) -> Iterator[Claim]:
    for index, address in enumerate(addresses):
        yield Claim("address", str(address), code, document, ("spec", field, index), rank)


def _of_host(document: Document, host: Host) -> Iterator[Claim]:
    spec = host.spec
    dpid = spec.datapath_id.lower()
    yield Claim("datapath id", dpid, "FS2003", document, ("spec", "datapathId"))
    if spec.tunnel is not None:
        address = str(spec.tunnel.address.ip)
        path: Path = ("spec", "tunnel", "address")
        yield Claim("tunnel address", address, "FS2009", document, path)
    scope = f"interface of host {document.name}"
    yield Claim(scope, spec.ports.proxy, "FS2004", document, ("spec", "ports", "proxy"))
    yield Claim(scope, spec.ports.tunnel, "FS2004", document, ("spec", "ports", "tunnel"))
    if spec.external is not None:
        at = ("spec", "external")
        yield Claim(scope, spec.external.port, "FS2004", document, (*at, "port"))
        yield Claim("MAC address", spec.external.mac, "FS2005", document, (*at, "mac"))
        for index, own in enumerate(spec.external.addresses):
            path = (*at, "addresses", index)
            yield Claim("address", str(own), "FS2006", document, path)
    if spec.uplink is not None:
        scope = f"port of switch {spec.uplink.switch}"
        yield Claim(scope, spec.uplink.port, "FS9002", document, ("spec", "uplink", "port"), 1)


def _of_workload(document: Document, workload: Workload) -> Iterator[Claim]:
    spec = workload.spec
    scope = f"interface of host {spec.host}"
    yield Claim(scope, spec.port, "FS2004", document, ("spec", "port"), 1)
    yield Claim("MAC address", spec.mac, "FS2005", document, ("spec", "mac"))
    yield from _addresses(document, "addresses", spec.addresses, "FS2006", 0)


def _of_switch(document: Document, switch: Switch) -> Iterator[Claim]:
    spec = switch.spec
    yield Claim("loopback", str(spec.loopback), "FS9004", document, ("spec", "loopback"))
    for index, port in enumerate(spec.ports):
        path: Path = ("spec", "ports", index, "name")
        scope = f"port of switch {document.name}"
        yield Claim(scope, port.name, "FS9002", document, path, 2)
    spine = spec.role == "spine"  # spines share one ASN
    yield Claim("ASN", str(spec.asn), "FS9003", document, ("spec", "asn"), shared=spine)


def _of_link(document: Document, link: Link) -> Iterator[Claim]:
    for index, end in enumerate(link.spec.ends):
        path = ("spec", "ends", index, "port")
        yield Claim(f"port of switch {end.switch}", end.port, "FS9002", document, path)


def _of(document: Document) -> tuple[Claim, ...]:
    """Return what a document claims."""
    of = _KINDS.get(document.kind)
    return () if of is None else tuple(of(document, document.model))


def _of_service(document: Document, service: Service) -> Iterator[Claim]:
    yield from _addresses(document, "addresses", service.spec.addresses or (), "FS4006", 1)


_KINDS: dict[str, Callable[[Document, Any], Iterator[Claim]]] = {
    "Segment": _of_segment,
    "Host": _of_host,
    "Workload": _of_workload,
    "Service": _of_service,
    "Switch": _of_switch,
    "Link": _of_link,
}

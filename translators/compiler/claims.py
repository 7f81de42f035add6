"""What only one may have: numbers, addresses and ports that two documents claim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from translators.compiler.draft import Catalogue, finding
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

    @property
    def holder(self) -> str:
        """The claimant, as a message names it."""
        return f"{self.document.kind.lower()} {self.document.reference}"


def collisions(catalogue: Catalogue) -> Iterator[Diagnostic]:
    """Yield a finding for every claim to what another document has already."""
    held: dict[tuple[str, str], list[Claim]] = {}
    for claim in _claims(catalogue):
        held.setdefault((claim.scope, claim.value), []).append(claim)
    for claims in held.values():
        first, *others = sorted(claims, key=_precedence)
        for claim in others:
            origin = first.document.at(*first.path)
            message = f"{claim.scope} {claim.value} belongs to {first.holder} ({origin})"
            yield finding(claim.code, claim.document, claim.path, message)


def _precedence(claim: Claim) -> tuple[int, str, int, str]:
    origin = claim.document.at(*claim.path)
    return claim.rank, origin.file, origin.line, claim.document.key


def _claims(catalogue: Catalogue) -> Iterator[Claim]:
    for document, segment in catalogue.of(Segment):
        yield from _of_segment(document, segment)
    for document, host in catalogue.of(Host):
        yield from _of_host(document, host)
    for document, workload in catalogue.of(Workload):
        yield from _of_workload(document, workload)
    for document, service in catalogue.of(Service):
        addresses = service.spec.addresses or ()
        yield from _addresses(document, "addresses", addresses, "FS4006", 1)
    yield from _of_fabric(catalogue)


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
    if spec.uplink is not None:
        scope = f"port of switch {spec.uplink.switch}"
        yield Claim(scope, spec.uplink.port, "FS9002", document, ("spec", "uplink", "port"), 1)


def _of_workload(document: Document, workload: Workload) -> Iterator[Claim]:
    spec = workload.spec
    scope = f"interface of host {spec.host}"
    yield Claim(scope, spec.port, "FS2004", document, ("spec", "port"), 1)
    yield Claim("MAC address", spec.mac, "FS2005", document, ("spec", "mac"))
    yield from _addresses(document, "addresses", spec.addresses, "FS2006", 0)


def _of_fabric(catalogue: Catalogue) -> Iterator[Claim]:
    spines: set[int] = set()
    for document, switch in catalogue.of(Switch):
        spec = switch.spec
        loopback = str(spec.loopback)
        yield Claim("loopback", loopback, "FS9004", document, ("spec", "loopback"))
        for index, port in enumerate(spec.ports):
            path: Path = ("spec", "ports", index, "name")
            scope = f"port of switch {document.name}"
            yield Claim(scope, port.name, "FS9002", document, path, 2)
        if spec.role == "leaf" or spec.asn not in spines:  # spines share one ASN
            yield Claim("ASN", str(spec.asn), "FS9003", document, ("spec", "asn"))
        if spec.role == "spine":
            spines.add(spec.asn)
    for document, link in catalogue.of(Link):
        for index, end in enumerate(link.spec.ends):
            path = ("spec", "ends", index, "port")
            yield Claim(f"port of switch {end.switch}", end.port, "FS9002", document, path)

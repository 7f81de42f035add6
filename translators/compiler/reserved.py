"""Interfaces of a switch that the controller makes itself, and that no document may claim."""

from __future__ import annotations

from collections.abc import Iterator

from translators.compiler.catalogue import Catalogue
from translators.compiler.findings import finding
from translators.diagnostics import Diagnostic
from translators.policy.document import Document, Path
from translators.policy.host import Host
from translators.policy.link import Link
from translators.policy.segment import Segment
from translators.policy.switch import Switch


def reserved(catalogue: Catalogue) -> Iterator[Diagnostic]:
    """Yield a finding for every bare port, uplink and end of a link with such a name.

    They are ``lo``, which has the loopback address, and on a leaf with bare ports the bridge
    ``br<vni>`` and the VXLAN device ``vx<vni>`` of each of their segments.
    """
    taken = {document.name: _taken(catalogue, switch) for document, switch in catalogue.of(Switch)}
    for document, path, switch, port in _claims(catalogue):
        if (owner := taken.get(switch, {}).get(port)) is not None:
            message = f"interface {port} of switch {switch} is {owner}"
            yield finding("FS9006", document, path, message)


def _taken(catalogue: Catalogue, switch: Switch) -> dict[str, str]:
    vnis = {document.reference: segment.spec.vni for document, segment in catalogue.of(Segment)}
    taken = {"lo": "its loopback"}
    for port in switch.spec.ports:
        if (vni := vnis.get(port.segment)) is not None:
            taken[f"br{vni}"] = f"the bridge of segment {port.segment}"
            taken[f"vx{vni}"] = f"the VXLAN device of segment {port.segment}"
    return taken


def _claims(catalogue: Catalogue) -> Iterator[tuple[Document, Path, str, str]]:
    """Yield every place that names an interface of a switch."""
    for document, switch in catalogue.of(Switch):
        for index, port in enumerate(switch.spec.ports):
            yield document, ("spec", "ports", index, "name"), document.name, port.name
    for document, host in catalogue.of(Host):
        if (uplink := host.spec.uplink) is not None:
            yield document, ("spec", "uplink", "port"), uplink.switch, uplink.port
    for document, link in catalogue.of(Link):
        for index, end in enumerate(link.spec.ends):
            yield document, ("spec", "ends", index, "port"), end.switch, end.port

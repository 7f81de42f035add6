"""What one switch must be: its underlay sessions, its hosts, and the VNIs that its ports need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from translators.plan.model import Host, Link, Plan, Role, Segment, Switch

MAX_VNI = 2**24 - 1  # RFC 7348, section 5: a VNI has 24 bits
MAX_ASN = 2**32 - 1  # RFC 6793
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")  # Linux: IFNAMSIZ is 16, with the NUL
_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")  # RFC 1123, section 2.1
_CAUSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,199}")


class FabricError(ValueError):
    """A switch that no configuration can express: the message says what, where and the mend."""


@dataclass(frozen=True, slots=True, order=True)
class Uplink:
    """An interface with an eBGP unnumbered session (RFC 5549) to another switch."""

    interface: str
    peer: str
    link: str  # the plan's name of the cable


@dataclass(frozen=True, slots=True, order=True)
class HostPort:
    """An interface that leads to a host; ``address`` is the host's gateway there."""

    interface: str
    address: IPv4Interface
    host: str


@dataclass(frozen=True, slots=True, order=True)
class Vni:
    """A segment's VXLAN network (RFC 7348) and the bare ports of this switch that are in it."""

    number: int
    segment: str
    mtu: int  # bytes of the inner packet
    ports: tuple[str, ...]

    @property
    def bridge(self) -> str:
        """The name of its bridge, at most 10 characters."""
        return f"br{self.number}"

    @property
    def device(self) -> str:
        """The name of its VXLAN device, at most 10 characters."""
        return f"vx{self.number}"


@dataclass(frozen=True, slots=True)
class SwitchModel:
    """All that one switch must be, whatever the dialect; every tuple is sorted."""

    name: str
    role: Role
    asn: int
    loopback: IPv4Address
    uplinks: tuple[Uplink, ...]
    hosts: tuple[HostPort, ...]
    vnis: tuple[Vni, ...]


def switch_model(plan: Plan, name: str) -> SwitchModel:
    """Return the model of one switch.

    Raises FabricError for an unknown switch, and for what no switch can hold: two uses of one
    interface, or a name, number or segment that a device would not take.
    """
    switch = next((s for s in plan.switches if s.name == name), None)
    if switch is None:
        known = ", ".join(sorted(s.name for s in plan.switches)) or "none"
        raise FabricError(f"the plan has no switch {name!r}; it has: {known}")
    model = SwitchModel(
        name=switch.name,
        role=switch.role,
        asn=switch.asn,
        loopback=switch.loopback,
        uplinks=tuple(sorted(_uplinks(plan.links, name))),
        hosts=tuple(sorted(_host_ports(plan.hosts, name))),
        vnis=_vnis(plan, switch),
    )
    _refuse_impossible(model, switch)
    return model


def _uplinks(links: Iterable[Link], name: str) -> Iterable[Uplink]:
    for link in links:
        for (here, interface), (there, _) in ((link.a, link.b), (link.b, link.a)):
            if here == name:
                yield Uplink(interface, there, link.name)


def _host_ports(hosts: Iterable[Host], name: str) -> Iterable[HostPort]:
    for host in hosts:
        if host.switch == name and host.switch_port and host.tunnel and host.gateway:
            prefix = host.tunnel.network.prefixlen
            address = IPv4Interface(f"{host.gateway}/{prefix}")
            yield HostPort(host.switch_port, address, host.name)


def _vnis(plan: Plan, switch: Switch) -> tuple[Vni, ...]:
    """Only the segments with a bare port here: a leaf that needs no VNI learns nothing of it."""
    ports: dict[str, set[str]] = {}
    for port in switch.ports:
        if port.segment not in plan.segment:
            raise FabricError(
                f"{switch.origin}: port {port.name} of switch {switch.name} is in segment "
                f"{port.segment}, which does not exist; declare it, or name another"
            )
        ports.setdefault(port.segment, set()).add(port.name)
    return tuple(sorted(_vni(plan.segment[s], names) for s, names in ports.items()))


def _vni(segment: Segment, ports: set[str]) -> Vni:
    return Vni(segment.vni, segment.name, segment.mtu, tuple(sorted(ports)))


def _refuse_impossible(model: SwitchModel, switch: Switch) -> None:
    where = f"{switch.origin}: switch {model.name}"
    if not _HOSTNAME.fullmatch(model.name):
        raise FabricError(f"{where}: the name must be a host name: letters, digits and hyphens")
    if not 1 <= model.asn <= MAX_ASN:
        raise FabricError(f"{where}: the ASN {model.asn} is not in 1..{MAX_ASN}; choose one")
    _refuse_numbers(model, where)
    _refuse_names(model, where)


def _refuse_numbers(model: SwitchModel, where: str) -> None:
    seen: dict[int, str] = {}
    for vni in model.vnis:
        if not 1 <= vni.number <= MAX_VNI:
            raise FabricError(f"{where}: VNI {vni.number} of {vni.segment} is not in 1..{MAX_VNI}")
        if vni.number in seen:
            raise FabricError(
                f"{where}: segments {seen[vni.number]} and {vni.segment} both have "
                f"VNI {vni.number}; give one of them another"
            )
        seen[vni.number] = vni.segment


def _refuse_names(model: SwitchModel, where: str) -> None:
    uses = [(u.interface, u.link) for u in model.uplinks]
    uses += [(h.interface, h.host) for h in model.hosts]
    uses += [(port, vni.segment) for vni in model.vnis for port in vni.ports]
    taken = {name: "the VXLAN devices" for vni in model.vnis for name in (vni.bridge, vni.device)}
    taken["lo"] = "the loopback address"
    for interface, cause in uses:
        if not _INTERFACE.fullmatch(interface):
            raise FabricError(
                f"{where}: {interface!r} is no interface name: at most 15 letters, digits, "
                "dots, underscores and hyphens"
            )
        if not _CAUSE.fullmatch(cause):
            raise FabricError(f"{where}: {cause!r} cannot be written to a device; rename it")
        if interface in taken:
            raise FabricError(
                f"{where}: interface {interface} is used by {taken[interface]} and {cause}; "
                "move one of them to another interface"
            )
        taken[interface] = cause

"""The bed's layout: which namespace, address and directory everything of a plan gets."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, ip_interface
from pathlib import Path

from integration.bed.netns import Namespace
from integration.bed.workload import Interface, Place
from translators.plan.model import Address, Endpoint, Host, Plan, Segment

MANAGEMENT = "172.31.255."  # one /24 inside the bed's namespaces, on no wire
SPARE = 240  # the last part of the address that a bare port gets in its segment


@dataclass(frozen=True, slots=True)
class Layout:
    """A plan laid out on this machine; ``prefix`` begins the name of every namespace.

    ``root`` is for what may be looked at later: logs, and the server's state.
    """

    plan: Plan
    prefix: str
    root: Path

    def namespace(self, *parts: str) -> Namespace:
        """Return the namespace of a thing, by its name without the tenant."""
        return Namespace("-".join((self.prefix, *parts)))

    @property
    def management(self) -> Namespace:
        """Where the controller runs, with a bridge to every device's management interface."""
        return self.namespace("mgmt")

    @property
    def controller(self) -> str:
        """The controller's address."""
        return f"{MANAGEMENT}1"

    @property
    def managed(self) -> tuple[str, ...]:
        """The names of the devices that have a management interface."""
        hosts = tuple(host.name for host in self.plan.hosts)
        return hosts + tuple(switch.name for switch in self.plan.switches)

    @property
    def devices(self) -> tuple[str, ...]:
        """Every device as the server calls it: a proxy and a bridge for each host, the switches."""
        hosts = [f"{kind}/{h.name}" for kind in ("bridge", "proxy") for h in self.plan.hosts]
        return tuple(sorted(hosts + [f"switch/{s.name}" for s in self.plan.switches]))

    def management_address(self, device: str) -> str:
        """Return a device's address, with prefix length, on the management network."""
        return f"{MANAGEMENT}{self.managed.index(device) + 11}/24"

    def workload(self, name: str) -> Namespace:
        """Return the namespace of an endpoint, by its full name."""
        return self.namespace(name.partition("/")[2])

    def proxy(self, host: str) -> Namespace:
        """Return the namespace of a host's Envoy; the host's agent creates it."""
        return self.namespace(host, "proxy")

    @property
    def run(self) -> Path:
        """Where sockets and the devices' own files are.

        Not below ``root``: a socket's path must be shorter than 108 bytes, and FRR's daemons, which
        are not root, must be able to reach it.
        """
        return Path("/run") / self.prefix

    def directory(self, device: str) -> Path:
        """Return the directory of a device's files."""
        return self.run / device

    def on(self, host: Host) -> tuple[Endpoint, ...]:
        """Return the endpoints that live on a host."""
        return tuple(e for e in self.plan.endpoints if e.host == host.name)

    def place(self, endpoint: Endpoint) -> Place:
        """Return where an endpoint is plugged in."""
        segment = self.plan.segment[endpoint.segment]
        return Place(
            port=endpoint.port,
            mac=endpoint.mac,
            addresses=tuple(_interface(a, segment) for a in endpoint.addresses),
            gateways=tuple(map(str, segment.gateways)),
            mtu=segment.mtu,
        )

    def bare_ports(self) -> tuple[BarePort, ...]:
        """Return the fabric's bare ports, each with an address of its own in its segment."""
        found = sorted((p.name, s.name, p.segment) for s in self.plan.switches for p in s.ports)
        return tuple(
            BarePort(name, switch, _spare(self.plan.segment[segment], number))
            for number, (name, switch, segment) in enumerate(found)
        )


@dataclass(frozen=True, slots=True)
class BarePort:
    """A port of a leaf with a plain machine behind it."""

    name: str
    switch: str
    address: Interface


def _interface(address: Address, segment: Segment) -> Interface:
    subnet = next(s for s in segment.subnets if address in s)
    return ip_interface(f"{address}/{subnet.prefixlen}")


def _spare(segment: Segment, number: int) -> Interface:
    subnet = next(s for s in segment.subnets if s.version == 4)
    address = IPv4Address(int(subnet.network_address) + SPARE - number)
    return ip_interface(f"{address}/{subnet.prefixlen}")

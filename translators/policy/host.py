"""Host: a machine with a vswitch, and its way into the fabric."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import model_validator

from translators.policy.scalars import (
    Address,
    DatapathId,
    Interface,
    Mac,
    Name,
    TunnelAddress,
    wrong,
)
from translators.policy.shape import AtLeastOne, PlainMetadata, Shape, Thing


class Tunnel(Shape):
    """The tunnel endpoint's address with prefix length, and the leaf's address on that link."""

    address: TunnelAddress
    """IPv4 address with prefix length of the host's VXLAN tunnel endpoint, such as
    ``10.255.1.2/30``; unique in all input."""
    gateway: Address | None = None
    """IPv4 address of the leaf on the tunnel's link, such as ``10.255.1.1``; needed for an uplink
    to be configured at the leaf."""

    @model_validator(mode="after")
    def _on_link(self) -> Tunnel:
        if self.gateway is None:
            return self
        if not isinstance(self.gateway, IPv4Address) or self.gateway not in self.address.network:
            message = f"gateway {self.gateway} is not on the tunnel's link {self.address.network}"
            raise wrong(message, "use the leaf's address on that link", at="gateway")
        if self.gateway == self.address.ip:
            raise wrong(
                f"gateway {self.gateway} is the tunnel's own address",
                "use the leaf's address on that link",
                at="gateway",
            )
        return self


class Uplink(Shape):
    """The leaf and its port that the host is wired to."""

    switch: Name
    """Name of the Switch, a leaf, that the host is wired to."""
    port: Interface
    """Interface of that switch, such as ``swp1``; no other object uses it."""


class Ports(Shape):
    """Interfaces of the bridge that belong to the controller."""

    proxy: Interface = "fsdn-proxy"
    """Interface of the bridge that leads to the host's Envoy."""
    tunnel: Interface = "fsdn-tun"
    """Interface of the bridge that is its VXLAN tunnel."""

    @model_validator(mode="after")
    def _distinct(self) -> Ports:
        if self.proxy == self.tunnel:
            mend = "give the proxy and the tunnel an interface each"
            raise wrong(f"interface {self.proxy} is used twice", mend, "FS2004", "tunnel")
        return self


class External(Shape):
    """How the host's workloads reach networks outside, under the host's address (source NAT)."""

    port: Interface
    """Interface of the bridge that leads outside, such as ``eth1``; no other object uses it."""
    mac: Mac
    """Unicast MAC address of the bridge there, in quotes; unique in all input."""
    addresses: Annotated[list[Address], AtLeastOne]
    """Addresses that connections leave with, one for each address family that may leave, such as
    ``[198.51.100.2]``; the bridge answers for them, and they are unique in all input."""
    gateway_mac: Mac
    """MAC address of the next hop outside, in quotes: a router's (that of VRRP stays while routers
    change), or that of an interface of the host itself. Nobody is asked for it."""

    @model_validator(mode="after")
    def _one_each(self) -> External:
        versions = [address.version for address in self.addresses]
        for index, version in enumerate(versions):
            if version in versions[:index]:
                message = f"{self.addresses[index]} is one more IPv{version} address"
                raise wrong(message, "keep one for each family", at=f"addresses.{index}")
        return self


class HostSpec(Shape):
    """The bridge, by the datapath id that it reports (OpenFlow 1.5, section 7.3.1)."""

    bridge: Interface = "br-int"
    """Name of the Open vSwitch bridge."""
    datapath_id: DatapathId
    """Datapath id that the bridge reports, 16 hex digits in quotes, such as ``"0000000000000001"``;
    unique in all input (OpenFlow 1.5, section 7.3.1)."""
    tunnel: Tunnel | None = None
    """Tunnel endpoint; left out, the host's workloads reach no other host."""
    uplink: Uplink | None = None
    """Cable to the fabric; left out, no switch is configured for the host."""
    ports: Ports = Ports()
    """Names of those interfaces, where they are not the usual ones."""
    external: External | None = None
    """Way to networks outside; left out, the host's workloads reach only one another."""


class Host(Thing):
    """A machine with a vswitch."""

    kind: Literal["Host"]
    """Always ``Host``."""
    metadata: PlainMetadata
    """Its name; the kind belongs to no tenant."""
    spec: HostSpec
    """Its bridge, and the way to other hosts."""

"""Host: a machine with a vswitch, and its way into the fabric."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Literal

from pydantic import model_validator

from translators.policy.scalars import Address, DatapathId, Interface, Name, TunnelAddress, wrong
from translators.policy.shape import PlainMetadata, Shape, Thing


class Tunnel(Shape):
    """The tunnel endpoint's address with prefix length, and the leaf's address on that link."""

    address: TunnelAddress
    gateway: Address | None = None

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
    port: Interface


class Ports(Shape):
    """Interfaces of the bridge that belong to the controller."""

    proxy: Interface = "fsdn-proxy"
    tunnel: Interface = "fsdn-tun"

    @model_validator(mode="after")
    def _distinct(self) -> Ports:
        if self.proxy == self.tunnel:
            mend = "give the proxy and the tunnel an interface each"
            raise wrong(f"interface {self.proxy} is used twice", mend, "FS2004", "tunnel")
        return self


class HostSpec(Shape):
    """The bridge, by the datapath id that it reports (OpenFlow 1.5, section 7.3.1)."""

    bridge: Interface = "br-int"
    datapath_id: DatapathId
    tunnel: Tunnel | None = None
    uplink: Uplink | None = None
    ports: Ports = Ports()


class Host(Thing):
    """A machine with a vswitch."""

    kind: Literal["Host"]
    metadata: PlainMetadata
    spec: HostSpec

"""Segment: an L2 broadcast domain, its subnets and its pool of virtual addresses."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import Field, model_validator

from translators.policy.scalars import Address, Name, Network, Ref, wrong
from translators.policy.shape import AtLeastOne, Metadata, Shape, Thing


class SegmentSpec(Shape):
    """``vni`` is RFC 7348's 24-bit identifier; ``services`` is the pool of virtual addresses."""

    vni: Annotated[int, Field(ge=1, le=2**24 - 2)]
    """VXLAN network identifier, 1 to 16777214 (RFC 7348: 24 bits; the last is that of
    mirrored packets), unique in all input."""
    vlan: Annotated[int, Field(ge=1, le=4094)] | None = None
    """VLAN identifier, 1 to 4094 (IEEE 802.1Q), unique in all input; reserved here, no device is
    told of it yet."""
    subnets: Annotated[list[Network], AtLeastOne]
    """Networks of the segment in CIDR form, IPv4 or IPv6, such as ``[10.10.0.0/24, fd00:10::/64]``;
    every address of a workload or service lies in one of them."""
    gateways: list[Address] = []
    """Addresses within the subnets that no service may be given, because routers have them."""
    services: list[Network] = []
    """Pools within the subnets from which services without ``addresses`` get their virtual
    addresses, such as ``[10.10.0.128/25]``."""
    mtu: Annotated[int, Field(ge=1280, le=9216)] = 1400
    """Largest packet in the segment in bytes, without Ethernet and VXLAN headers: 1280 to 9216. The
    fabric below needs 50 bytes more."""
    dhcp_server: Ref | None = None
    """Workload of the segment, as ``name`` or ``tenant/name``, that gives out addresses of its own
    families: DHCP and DHCPv6 pass between it and the segment's workloads without a policy. Left
    out, what asks for a server is dropped and counted."""
    router: Name | None = None
    """Router that joins the segment to the tenant's other segments with the same router, each by
    its gateways; left out, the segment reaches no other. What passes is up to policies."""

    @model_validator(mode="after")
    def _inside(self) -> SegmentSpec:
        for field in ("gateways", "services"):
            for index, value in enumerate(getattr(self, field)):
                if not any(_within(value, subnet) for subnet in self.subnets):
                    message = f"{value} lies in none of the segment's subnets"
                    mend = "use a part of the segment's subnets, or add the subnet"
                    raise wrong(message, mend, "FS2008", f"{field}.{index}")
        return self

    @model_validator(mode="after")
    def _routed(self) -> SegmentSpec:
        have = {gateway.version for gateway in self.gateways}
        for version in sorted({subnet.version for subnet in self.subnets} - have):
            if self.router is not None:
                message = f"router {self.router} has no IPv{version} gateway in the segment"
                raise wrong(message, "", "FS2021", "router")
        return self


def _within(value: Address | Network, subnet: Network) -> bool:
    part = ip_network(value)
    if isinstance(part, IPv4Network):
        return isinstance(subnet, IPv4Network) and part.subnet_of(subnet)
    return isinstance(subnet, IPv6Network) and part.subnet_of(subnet)


class Segment(Thing):
    """An L2 broadcast domain."""

    kind: Literal["Segment"]
    """Always ``Segment``."""
    metadata: Metadata
    """Its name, its tenant, and the labels that others select it by."""
    spec: SegmentSpec
    """Identifier, networks and size of packets."""

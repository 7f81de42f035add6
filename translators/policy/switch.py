"""Switch: a spine or leaf of the fabric, with the bare ports of a leaf."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field, model_validator

from translators.policy.scalars import Address, Interface, Ref, wrong
from translators.policy.shape import PlainMetadata, Shape, Thing


class BarePort(Shape):
    """A port that belongs to a segment; the segment is named ``tenant/name``."""

    name: Interface
    """Interface of the leaf, such as ``swp7``; not ``lo``, nor the leaf's own ``br<vni>`` and
    ``vx<vni>``."""
    segment: Ref
    """Segment that devices on the port are in, as ``tenant/name``."""


class SwitchSpec(Shape):
    """``asn`` is a 4-octet AS number (RFC 6793); ``loopback`` is router id and VTEP address."""

    role: Literal["spine", "leaf"]
    """``leaf``: hosts and bare ports attach to it. ``spine``: it joins leaves."""
    asn: Annotated[int, Field(ge=1, le=2**32 - 2)]
    """4-octet AS number of its BGP sessions (RFC 6793), such as 65001; all spines may share one,
    each leaf has its own."""
    loopback: Address
    """IPv4 address that is router id and VXLAN tunnel endpoint, such as ``10.254.0.11``; unique in
    all input."""
    ports: list[BarePort] = []
    """Ports of a leaf that lead straight into a segment, with no vswitch that would hold policy."""

    @model_validator(mode="after")
    def _usable(self) -> SwitchSpec:
        if not isinstance(self.loopback, IPv4Address):
            mend = "use an IPv4 address"
            raise wrong(f"loopback {self.loopback} cannot be a router id", mend, at="loopback")
        if self.role == "spine" and self.ports:
            raise wrong("a spine has no bare ports", "attach them to a leaf", "FS9005", "ports")
        return self


class Switch(Thing):
    """A fabric switch."""

    kind: Literal["Switch"]
    """Always ``Switch``."""
    metadata: PlainMetadata
    """Its name; the kind belongs to no tenant."""
    spec: SwitchSpec
    """Its role and numbers."""

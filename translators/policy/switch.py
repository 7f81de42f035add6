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
    segment: Ref


class SwitchSpec(Shape):
    """``asn`` is a 4-octet AS number (RFC 6793); ``loopback`` is router id and VTEP address."""

    role: Literal["spine", "leaf"]
    asn: Annotated[int, Field(ge=1, le=2**32 - 2)]
    loopback: Address
    ports: list[BarePort] = []

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
    metadata: PlainMetadata
    spec: SwitchSpec

"""Link: a cable between two switches."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Len
from pydantic import model_validator

from translators.policy.scalars import Interface, Name, wrong
from translators.policy.shape import PlainMetadata, Shape, Thing


class End(Shape):
    """One end of a cable."""

    switch: Name
    """Name of the Switch."""
    port: Interface
    """Its interface, such as ``swp1``; no other object uses it."""


class LinkSpec(Shape):
    """Exactly two ends, at two switches."""

    ends: Annotated[list[End], Len(2, 2)]
    """The two ends, at two different switches."""

    @model_validator(mode="after")
    def _two_switches(self) -> LinkSpec:
        if self.ends[0].switch == self.ends[1].switch:
            message = f"both ends are at switch {self.ends[0].switch}"
            raise wrong(message, "name the switch at the other end", at="ends.1.switch")
        return self


class Link(Thing):
    """A cable between two switches."""

    kind: Literal["Link"]
    """Always ``Link``."""
    metadata: PlainMetadata
    """Its name; the kind belongs to no tenant."""
    spec: LinkSpec
    """Where the cable goes."""

"""EnvoyPatch: an amendment of compiled Envoy resources, for what the language does not say."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from translators.policy.scalars import Name, wrong
from translators.policy.shape import Shape, SharedMetadata, Thing


class PatchTarget(Shape):
    """Which compiled resources: a type, a name (``*`` and ``?`` stand for any text), a host.

    Without ``host`` the resource is amended on every host that has it.
    """

    type: Literal["Listener", "RouteConfiguration", "Cluster", "ClusterLoadAssignment"]
    """Type of the resources, by the last part of its type URL."""
    name: Annotated[str, Field(min_length=1, max_length=255)]
    """Name of the resources, such as ``shop/reviews:80/*``; ``*`` and ``?`` stand for any text."""
    host: Name | None = None
    """Name of the Host whose proxy is meant; left out, every host that has the resource."""


class EnvoyPatchSpec(Shape):
    """``merge`` is a JSON merge patch (RFC 7396): ``null`` removes a field, lists are replaced.

    ``replace`` puts ``value`` in the place of the whole resource; ``remove`` takes the resource
    away and has no ``value``.
    """

    target: PatchTarget
    """What is amended."""
    operation: Literal["merge", "replace", "remove"] = "merge"
    """How: ``merge`` sets some fields, ``replace`` all of them, ``remove`` takes it away."""
    value: dict[str, Any] | None = None
    """Fields to set, as proto3 JSON, such as ``{connect_timeout: 1s}``."""

    @model_validator(mode="after")
    def _value_fits(self) -> EnvoyPatchSpec:
        if self.operation == "remove" and self.value is not None:
            message = "operation remove takes no value"
            raise wrong(message, "leave the value out", "FS1015", "value")
        if self.operation != "remove" and self.value is None:
            message = f"operation {self.operation} needs a value"
            raise wrong(message, "add spec.value with the fields to set", "FS1011")
        return self


class EnvoyPatch(Thing):
    """An amendment of compiled Envoy resources."""

    nullable: ClassVar[tuple[str, ...]] = ("spec", "value")

    kind: Literal["EnvoyPatch"]
    """Always ``EnvoyPatch``."""
    metadata: SharedMetadata
    """Its name, and its tenant if it belongs to one."""
    spec: EnvoyPatchSpec
    """What is amended, and how."""

"""What every kind has in common: strict models, camelCase fields and metadata."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Len
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from translators.policy.scalars import Name, Text, wrong

AtLeastOne = Len(1)  # for lists: an empty list would silently mean nothing


class Shape(BaseModel):
    """A mapping in an author's document: nothing converted, nothing unknown."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class PlainMetadata(Shape):
    """The metadata of kinds that belong to no tenant."""

    name: Name
    """Name, unique among the objects of its kind and tenant: up to 63 lower-case letters, digits
    and hyphens, such as ``leaf1``."""
    labels: dict[Text, Annotated[str, Field(max_length=63)]] = {}
    """Labels by which selectors find the object, such as ``{app: web, tier: front}``; a value has
    at most 63 characters."""
    annotations: dict[Text, str] = {}
    """Notes for people and tools, such as ``{owner: team-a}``; nothing is selected by them."""


class Metadata(PlainMetadata):
    """The metadata of kinds that belong to a tenant."""

    tenant: Name
    """Name of the Tenant that owns the object."""


class SharedMetadata(PlainMetadata):
    """The metadata of kinds that belong to a tenant or to nobody."""

    tenant: Name | None = None
    """Name of the Tenant that owns the object; left out, it belongs to no tenant."""


class Thing(Shape):
    """One document; every kind narrows ``kind``, ``metadata`` and ``spec``."""

    nullable: ClassVar[tuple[str, ...]] = ()  # the path below which ``null`` has a meaning

    api_version: Literal["fsdn/v1"]
    """Version of the language: always ``fsdn/v1``."""
    kind: Any
    """What the document declares."""
    metadata: PlainMetadata
    """Its name, and the labels that others select it by."""
    spec: Any
    """What it is like."""


def check_exactly_one(model: Shape) -> None:
    """Raise unless exactly one of the model's fields is given."""
    names = list(type(model).model_fields)
    given = [name for name in names if getattr(model, name) is not None]
    if not given:
        raise wrong(f"none of {', '.join(names)} is given", "add one of them", "FS1011")
    if len(given) > 1:
        message = f"{' and '.join(given)} exclude each other"
        raise wrong(message, "keep one of them", "FS1015", given[1])

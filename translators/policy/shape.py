"""What every kind has in common: strict models, camelCase fields and metadata."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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
    )


class PlainMetadata(Shape):
    """The metadata of kinds that belong to no tenant."""

    name: Name
    labels: dict[Text, Annotated[str, Field(max_length=63)]] = {}
    annotations: dict[Text, str] = {}


class Metadata(PlainMetadata):
    """The metadata of kinds that belong to a tenant."""

    tenant: Name


class Thing(Shape):
    """One document; every kind narrows ``kind``, ``metadata`` and ``spec``."""

    api_version: Literal["fsdn/v1"]
    kind: Any
    metadata: PlainMetadata
    spec: Any


def check_exactly_one(model: Shape) -> None:
    """Raise unless exactly one of the model's fields is given."""
    names = list(type(model).model_fields)
    given = [name for name in names if getattr(model, name) is not None]
    if not given:
        raise wrong(f"none of {', '.join(names)} is given", "add one of them", "FS1011")
    if len(given) > 1:
        message = f"{' and '.join(given)} exclude each other"
        raise wrong(message, "keep one of them", "FS1015", given[1])

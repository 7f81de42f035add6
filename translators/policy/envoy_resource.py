"""EnvoyResource: resources in Envoy's own language, served beside the compiled ones."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from translators.policy.scalars import Name
from translators.policy.shape import AtLeastOne, Shape, SharedMetadata, Thing


class EnvoyResourceSpec(Shape):
    """Resources as proto3 JSON (written in YAML), each with its ``@type``, and whose proxies.

    ``hosts`` names the hosts whose proxies get them, or says ``all``.
    """

    hosts: Literal["all"] | Annotated[list[Name], AtLeastOne] = "all"
    """Names of the Hosts whose proxies get the resources, such as ``[host1]``, or ``all``."""
    resources: Annotated[list[dict[str, Any]], AtLeastOne]
    """Resources as proto3 JSON, each with ``@type`` (a type URL) and ``name``."""


class EnvoyResource(Thing):
    """Resources in Envoy's own language."""

    kind: Literal["EnvoyResource"]
    """Always ``EnvoyResource``."""
    metadata: SharedMetadata
    """Its name, and its tenant if it belongs to one."""
    spec: EnvoyResourceSpec
    """The resources, and whose proxies get them."""

"""Workload: one running instance at one vswitch port."""

from __future__ import annotations

from typing import Annotated, Literal

from translators.policy.scalars import Address, Interface, Mac, Name, Ref
from translators.policy.shape import AtLeastOne, Metadata, Shape, Thing


class WorkloadSpec(Shape):
    """Where it runs and who it is; ``proxy: none`` keeps its traffic away from proxies."""

    segment: Ref
    addresses: Annotated[list[Address], AtLeastOne]
    mac: Mac
    host: Name
    port: Interface
    proxy: Literal["node", "none"] = "node"


class Workload(Thing):
    """One running instance."""

    kind: Literal["Workload"]
    metadata: Metadata
    spec: WorkloadSpec

"""Workload: one running instance at one vswitch port."""

from __future__ import annotations

from typing import Annotated, Literal

from translators.policy.scalars import Address, Attachment, Mac, Name, Ref
from translators.policy.shape import AtLeastOne, Metadata, Shape, Thing


class WorkloadSpec(Shape):
    """Where it runs and who it is; ``proxy: none`` keeps its traffic away from proxies."""

    segment: Ref
    """Segment that it is in, as ``name`` (of the same tenant) or ``tenant/name``."""
    addresses: Annotated[list[Address], AtLeastOne]
    """Its unicast addresses, IPv4 or IPv6, such as ``[10.10.0.11]``; each lies in a subnet of the
    segment and is unique across all tenants."""
    mac: Mac
    """Its unicast MAC address in quotes, such as ``"02:00:00:00:00:11"``; unique in all input."""
    host: Name
    """Name of the Host that it runs on."""
    port: Attachment
    """Interface of the host's bridge that it is attached to, at most 15 characters; or
    ``iface-id=`` and the ``external_ids:iface-id`` by which an orchestrator names its interface."""
    proxy: Literal["node", "none"] = "node"
    """``node``: the host's Envoy carries what needs L7. ``none``: its traffic meets no proxy, and a
    rule that would need one is refused."""
    drain: bool = False
    """``true``: services lead no new connections to it, while those that it has go on."""


class Workload(Thing):
    """One running instance."""

    kind: Literal["Workload"]
    """Always ``Workload``."""
    metadata: Metadata
    """Its name, its tenant, and the labels that others select it by."""
    spec: WorkloadSpec
    """Where it runs, and its addresses."""

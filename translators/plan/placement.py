"""Who carries what must hold: captures for proxies, and the layer of each clause."""

from __future__ import annotations

from dataclasses import dataclass

from translators.plan.terms import Layer


@dataclass(frozen=True, slots=True, order=True)
class Capture:
    """Traffic from ``sources`` to this service port goes through the source host's proxy."""

    service: str
    port: int  # the service port
    sources: tuple[str, ...]
    rule: str  # the first rule that needs the proxy
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Placement:
    """Which layer enforces a clause, and why."""

    rule: str
    layer: Layer
    where: str  # "source bridge", "proxy on host1", ...
    reason: str
    refused: tuple[str, ...]  # alternatives, each with its reason
    saving: str

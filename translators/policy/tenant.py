"""Tenant: an isolation domain and its default action."""

from __future__ import annotations

from typing import Literal

from translators.policy.shape import PlainMetadata, Shape, Thing


class TenantSpec(Shape):
    """``default`` is what happens to traffic that no rule matches."""

    default: Literal["allow", "deny", "audit"] = "deny"
    """What happens to traffic between the tenant's workloads that no rule matches: ``deny``,
    ``allow``, or ``audit``: it passes, and bridges count what ``deny`` would have dropped."""


class Tenant(Thing):
    """An isolation domain."""

    kind: Literal["Tenant"]
    """Always ``Tenant``."""
    metadata: PlainMetadata
    """Its name; the kind belongs to no tenant."""
    spec: TenantSpec = TenantSpec()
    """The tenant's default; may be left out."""

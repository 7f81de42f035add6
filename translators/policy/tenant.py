"""Tenant: an isolation domain and its default action."""

from __future__ import annotations

from typing import Literal

from translators.policy.shape import PlainMetadata, Shape, Thing


class TenantSpec(Shape):
    """``default`` is what happens to traffic that no rule matches."""

    default: Literal["allow", "deny"] = "deny"


class Tenant(Thing):
    """An isolation domain."""

    kind: Literal["Tenant"]
    metadata: PlainMetadata
    spec: TenantSpec = TenantSpec()

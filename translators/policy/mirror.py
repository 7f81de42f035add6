"""The mirror of a rule: who gets a copy of what it allows."""

from __future__ import annotations

from translators.policy.scalars import Ref
from translators.policy.shape import Shape


class Mirror(Shape):
    """Packets, not requests: the source's bridge copies both directions of the connections."""

    workload: Ref
    """Workload of the tenant that collects the copies, as ``name`` or ``tenant/name``; on another
    host they come through the tunnel. What it sends is judged as anybody's; what it gets is not."""

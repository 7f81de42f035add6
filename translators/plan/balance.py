"""How connections are spread over a service's endpoints: the weight of each under a rule."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING

from translators.plan.rules import Rule

if TYPE_CHECKING:
    from translators.plan.model import Plan, Service

Names = tuple[str, ...]


def members_of(plan: Plan, service: Service, family: int) -> Names:
    """Return the endpoints that a new connection of this family, 4 or 6, may be sent to."""
    return tuple(
        name
        for name in service.endpoints
        if name not in service.draining
        and any(a.version == family for a in plan.endpoint[name].addresses)
    )


def weight_of(rule: Rule | None, service: Service, members: Collection[str], name: str) -> Fraction:
    """Return an endpoint's weight among a service's connections that a rule admits.

    ``members`` are the endpoints that can be chosen at all, which share a subset's weight evenly,
    whoever of them the source may reach. Without a route, each has the weight 1.
    """
    if rule is None or not rule.balance:
        return Fraction(1)
    subsets = {subset.name: subset.endpoints for subset in service.subsets}
    total = Fraction(0)
    for share in rule.balance:
        names = service.endpoints if share.subset is None else subsets[share.subset]
        within = [member for member in members if member in names]
        if name in within:
            total += Fraction(share.weight, len(within))
    return total


def whole(weights: Sequence[Fraction]) -> tuple[int, ...]:
    """Return the smallest whole numbers that have the ratios of these."""
    scale = lcm(*(weight.denominator for weight in weights))
    numbers = [int(weight * scale) for weight in weights]
    least = gcd(*numbers) or 1
    return tuple(number // least for number in numbers)

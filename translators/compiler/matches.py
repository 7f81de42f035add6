"""An author's match to the plan's: one spelling for one meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from translators.plan.model import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Compare,
    HttpMatch,
    PortRange,
    Retry,
    Route,
    Shaping,
    Share,
    StringMatch,
    Transport,
)
from translators.policy.match import HttpMatch as HttpModel
from translators.policy.match import Match, ValueMatch
from translators.policy.policy import Route as RouteModel
from translators.policy.shaping import Shaping as ShapingModel

_LEAST_BURST = 120  # kbit: ten packets of 1,500 bytes
_FAMILIES = {"ipv4": 4, "ipv6": 6}


def transport_of(match: Match) -> Transport:
    """Return the L3 and L4 part; ICMP and ICMPv6 by number bring their family with them."""
    family = _FAMILIES.get(match.ip.family or "") if match.ip is not None else None
    if match.tcp is not None:
        return Transport(family, TCP, _ranges(match.tcp.ports))
    if match.udp is not None:
        return Transport(family, UDP, _ranges(match.udp.ports))
    if match.icmp is not None:
        return Transport(family, ICMP)
    protocol = match.ip.protocol if match.ip is not None else None
    if protocol == ICMPV6:
        return Transport(6, ICMP)
    if protocol == ICMP:
        return Transport(4, ICMP)
    return Transport(family, protocol)


def _ranges(spans: Iterable[tuple[int, int]] | None) -> tuple[PortRange, ...]:
    """Return the ranges in order, joined where they touch."""
    joined: list[PortRange] = []
    for first, last in sorted(spans or ()):
        if joined and first <= joined[-1].last + 1:
            joined[-1] = PortRange(joined[-1].first, max(last, joined[-1].last))
        else:
            joined.append(PortRange(first, last))
    return tuple(joined)


def http_of(match: HttpModel | None) -> HttpMatch | None:
    """Return the L7 part, or None if the match has none."""
    if match is None:
        return None
    path = None
    if match.path is not None:
        if match.path.exact is not None:
            path = StringMatch(Compare.EXACT, match.path.exact)
        else:
            path = StringMatch(Compare.PREFIX, match.path.prefix or "/")
    return HttpMatch(
        hosts=tuple(sorted(set(match.hosts or ()))),
        path=path,
        methods=tuple(sorted(set(match.methods or ()))),
        headers=_values({name.lower(): test for name, test in (match.headers or {}).items()}),
        query=_values(match.query or {}),
    )


def _values(tests: Mapping[str, ValueMatch]) -> tuple[tuple[str, StringMatch], ...]:
    return tuple(sorted((name, _value(test)) for name, test in tests.items()))


def _value(test: ValueMatch) -> StringMatch:
    if test.exact is not None:
        return StringMatch(Compare.EXACT, test.exact)
    if test.prefix is not None:
        return StringMatch(Compare.PREFIX, test.prefix)
    return StringMatch(Compare.PRESENT)


def route_of(route: RouteModel | None) -> Route | None:
    """Return the route with its shares sorted; shares of one subset are added up."""
    if route is None:
        return None
    weights: dict[str | None, int] = {}
    for share in route.to:
        weights[share.subset] = weights.get(share.subset, 0) + share.weight
    ordered = sorted(weights.items(), key=lambda item: (item[0] is not None, item[0] or ""))
    retry = None
    if route.retry is not None:
        retry = Retry(route.retry.attempts, tuple(sorted(set(route.retry.codes or ()))))
    shares = tuple(Share(subset, weight) for subset, weight in ordered)
    return Route(shares, route.timeout, retry)


def shaping_of(shape: ShapingModel | None) -> Shaping | None:
    """Return the shape; a burst that is left out is a tenth of a second's, or ten packets."""
    if shape is None:
        return None
    burst = 0 if shape.rate is None else shape.burst or max(shape.rate // 10, _LEAST_BURST)
    return Shaping(shape.rate, burst, shape.dscp, shape.queue)

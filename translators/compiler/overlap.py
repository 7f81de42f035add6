"""Whether one rule's traffic is part of another's, or has some in common with it."""

from __future__ import annotations

from dataclasses import dataclass

from translators.plan.model import HttpMatch, Network, PortRange, Rule, Transport


@dataclass(frozen=True, slots=True)
class Reach:
    """A rule with its selections as sets."""

    rule: Rule
    policy: str
    priority: int
    sources: frozenset[str]
    endpoints: frozenset[str]
    services: frozenset[str]

    @classmethod
    def of(cls, rule: Rule, priority: int) -> Reach:
        """Return the reach of a rule of a policy with this priority."""
        return cls(
            rule,
            rule.name.partition("[")[0],
            priority,
            frozenset(rule.sources),
            frozenset(rule.endpoints),
            frozenset(rule.services),
        )


def covered(reach: Reach, by: Reach) -> bool:
    """Whether every flow and request of ``reach`` matches the other rule too."""
    return (
        reach.sources <= by.sources
        and reach.endpoints <= by.endpoints
        and reach.services <= by.services
        and _networks_within(reach.rule.externals, by.rule.externals)
        and _http_within(reach.rule.http, by.rule.http)
        and _transport_within(reach.rule.transport, by.rule.transport)
    )


def overlapping(one: Reach, other: Reach) -> bool:
    """Whether some flow matches both rules, as far as their L7 parts can be compared."""
    return (
        not one.sources.isdisjoint(other.sources)
        and not (
            one.endpoints.isdisjoint(other.endpoints) and one.services.isdisjoint(other.services)
        )
        and one.rule.http == other.rule.http
        and _transports_meet(one.rule.transport, other.rule.transport)
    )


def _networks_within(inner: tuple[Network, ...], outer: tuple[Network, ...]) -> bool:
    return all(any(within(one, other) for other in outer) for one in inner)


def within(one: Network, other: Network) -> bool:
    """Whether all addresses of a network are addresses of the other."""
    first, last = one.network_address, one.broadcast_address
    return one.version == other.version and first in other and last in other


def _http_within(inner: HttpMatch | None, outer: HttpMatch | None) -> bool:
    return outer is None or (outer == HttpMatch() and inner is not None) or inner == outer


def _transport_within(inner: Transport, outer: Transport) -> bool:
    return (
        outer.family in (None, inner.family)
        and outer.protocol in (None, inner.protocol)
        and (not outer.ports or (bool(inner.ports) and _spans_within(inner.ports, outer.ports)))
    )


def _spans_within(inner: tuple[PortRange, ...], outer: tuple[PortRange, ...]) -> bool:
    # The compiler has joined touching ranges, so that a range lies in one of the others whole.
    return all(any(o.first <= i.first and i.last <= o.last for o in outer) for i in inner)


def _transports_meet(one: Transport, other: Transport) -> bool:
    return (
        (None in (one.family, other.family) or one.family == other.family)
        and (None in (one.protocol, other.protocol) or one.protocol == other.protocol)
        and (
            not one.ports
            or not other.ports
            or any(a.first <= b.last and b.first <= a.last for a in one.ports for b in other.ports)
        )
    )

"""Who may reach only some of a service's endpoints, or by weight, has a group of its own.

A shared group would send some of the source's connections to an endpoint that policy then denies,
its own among them. Such sources get a group of what they may reach; most need none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b

from translators.openflow.site import Site
from translators.plan.balance import members_of, weight_of, whole
from translators.plan.covering import covers_endpoint, covers_service
from translators.plan.model import Action, Affinity, Endpoint, Rule, Service, ServicePort

_FIRST, _LAST = 1 << 25, 0xFFFFFF00  # above the shared groups, below OFPG_MAX


@dataclass(frozen=True, slots=True)
class Choice:
    """A source (identity), and the endpoints that it is sent to through a service port.

    Without endpoints, it is allowed, but no endpoint has a weight for it.
    """

    source: int
    port: ServicePort
    family: int
    endpoints: tuple[Endpoint, ...]  # by identity
    weights: tuple[int, ...]  # of the endpoints; all are 1 where no route gives others
    affinity: Affinity | None = None  # the service's


Key = tuple[int, int, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Way:
    service: Service
    port: ServicePort
    family: int
    endpoints: tuple[Endpoint, ...]


def choices(site: Site) -> tuple[Choice, ...]:
    """Return the sources of this host that a service does not spread evenly over all endpoints.

    Each service's are found again only where something has changed that decides on them.
    """
    found = (site.of_service(service, _of_service) for service in site.services)
    return tuple(choice for own in found for choice in own)


def _of_service(site: Site, service: Service) -> tuple[Choice, ...]:
    rules = [rule for rule in site.plan.about(service.name) if rule.decides]
    special = {name for rule in rules if _is_special(rule, service) for name in rule.sources}
    sources = sorted((special | set(service.endpoints)) & site.local_ids.keys())
    return tuple(
        choice
        for source in (site.plan.endpoint[name] for name in sources)
        for choice in _of_source(
            site, source, service, [r for r in rules if source.name in r.sources]
        )
    )


def choice_numbers(found: tuple[Choice, ...]) -> dict[Key, int]:
    """Return a group number for each set of endpoints and weights: a hash, so that it stays."""
    keys = sorted({choice_key(choice) for choice in found if choice.endpoints})
    numbers: dict[Key, int] = {}
    taken: set[int] = set()
    for key in keys:
        named = key if key[3] else key[:3]
        digest = blake2b(repr(named).encode(), digest_size=8).digest()
        number = _FIRST + int.from_bytes(digest, "big") % (_LAST - _FIRST)
        while number in taken:
            number = _FIRST + (number + 1 - _FIRST) % (_LAST - _FIRST)
        taken.add(number)
        numbers[key] = number
    return numbers


def choice_key(choice: Choice) -> Key:
    """Return what makes two sources share a group."""
    members = tuple(e.identity for e in choice.endpoints)
    weights = choice.weights if set(choice.weights) != {1} else ()
    return choice.port.number, choice.family, members, weights


def _is_special(rule: Rule, service: Service) -> bool:
    if rule.balance and service.name in rule.services:
        return True
    selected = set(service.endpoints) & set(rule.endpoints)
    return 0 < len(selected) < len(set(service.endpoints))


def _of_source(
    site: Site, source: Endpoint, service: Service, rules: list[Rule]
) -> Iterator[Choice]:
    for port in service.ports:
        captured = site.plan.is_captured(source.name, service.name, port.port)
        if captured and port.protocol.is_http:
            continue
        for family in sorted(site.families(source)):
            ends = [site.plan.endpoint[n] for n in members_of(site.plan, service, family)]
            way = _Way(service, port, family, tuple(sorted(ends, key=lambda e: e.identity)))
            found = [(e, _weight(site, source, way, e, rules)) for e in way.endpoints]
            allowed = [(e, weight) for e, weight in found if weight is not None]
            chosen = tuple(e for e, weight in allowed if weight)
            weights = whole([weight for _, weight in allowed if weight])
            plain = chosen == way.endpoints and set(weights) == {1}
            if allowed and not plain:
                yield Choice(source.identity, port, family, chosen, weights, service.affinity)


def _weight(
    site: Site, source: Endpoint, way: _Way, target: Endpoint, rules: list[Rule]
) -> Fraction | None:
    """Return the weight of an endpoint for a source; None: it may not reach it."""
    if target == source:
        return None
    members = [e.name for e in way.endpoints]
    protocol = way.port.protocol.transport
    for rule in rules:
        if covers_service(rule, way.service, way.port, way.family) or covers_endpoint(
            rule, target.name, way.family, protocol, way.port.target
        ):
            if rule.action is not Action.ALLOW:
                return None
            return weight_of(rule, way.service, members, target.name)
    return Fraction(1) if site.plan.tenant[source.tenant].passes else None

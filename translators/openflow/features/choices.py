"""Who may reach only some of a service's endpoints is balanced over those, not over all.

A shared group would send some of the source's connections to an endpoint that policy then denies,
its own among them. Such sources get a group of what they may reach; most need none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from translators.openflow.site import Site
from translators.plan.evaluate import covers_endpoint, covers_service
from translators.plan.model import Action, Endpoint, Rule, Service, ServicePort

_FIRST, _LAST = 1 << 25, 0xFFFFFF00  # above the shared groups, below OFPG_MAX


@dataclass(frozen=True, slots=True)
class Choice:
    """A source (identity), and the endpoints that it may reach through a service port."""

    source: int
    port: ServicePort
    family: int
    endpoints: tuple[Endpoint, ...]  # by identity


@dataclass(frozen=True, slots=True)
class _Way:
    service: Service
    port: ServicePort
    family: int
    endpoints: tuple[Endpoint, ...]


def choices(site: Site) -> tuple[Choice, ...]:
    """Return the sources of this host that may reach some, but not all, of a service's endpoints.

    Each service's are found again only where something has changed that decides on them.
    """
    found = (site.of_service(service, _of_service) for service in site.services)
    return tuple(choice for own in found for choice in own)


def _of_service(site: Site, service: Service) -> tuple[Choice, ...]:
    rules = [rule for rule in site.plan.about(service.name) if rule.decides]
    partial = {name for rule in rules if _is_partial(rule, service) for name in rule.sources}
    sources = sorted((partial | set(service.endpoints)) & site.local_ids.keys())
    return tuple(
        choice
        for source in (site.plan.endpoint[name] for name in sources)
        for choice in _of_source(
            site, source, service, [r for r in rules if source.name in r.sources]
        )
    )


def choice_numbers(found: tuple[Choice, ...]) -> dict[tuple[int, int, tuple[int, ...]], int]:
    """Return a group number for each set of endpoints: a hash, so that it stays what it is."""
    keys = sorted({choice_key(choice) for choice in found})
    numbers: dict[tuple[int, int, tuple[int, ...]], int] = {}
    taken: set[int] = set()
    for key in keys:
        digest = blake2b(repr(key).encode(), digest_size=8).digest()
        number = _FIRST + int.from_bytes(digest, "big") % (_LAST - _FIRST)
        while number in taken:
            number = _FIRST + (number + 1 - _FIRST) % (_LAST - _FIRST)
        taken.add(number)
        numbers[key] = number
    return numbers


def choice_key(choice: Choice) -> tuple[int, int, tuple[int, ...]]:
    """Return what makes two sources share a group."""
    return (choice.port.number, choice.family, tuple(e.identity for e in choice.endpoints))


def _is_partial(rule: Rule, service: Service) -> bool:
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
            there = [site.plan.endpoint[name] for name in service.endpoints]
            ends = [e for e in there if family in site.families(e)]
            way = _Way(service, port, family, tuple(sorted(ends, key=lambda e: e.identity)))
            allowed = tuple(e for e in way.endpoints if _allowed(site, source, way, e, rules))
            if allowed and allowed != way.endpoints:
                yield Choice(source.identity, port, family, allowed)


def _allowed(site: Site, source: Endpoint, way: _Way, target: Endpoint, rules: list[Rule]) -> bool:
    if target == source:
        return False
    protocol = way.port.protocol.transport
    for rule in rules:
        if covers_service(rule, way.service, way.port, way.family) or covers_endpoint(
            rule, target.name, way.family, protocol, way.port.target
        ):
            return rule.action is Action.ALLOW
    return site.plan.tenant[source.tenant].passes

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


def choices(site: Site) -> Iterator[Choice]:
    """Yield the sources of this host that may reach some, but not all, of a service's endpoints."""
    deciding = [rule for rule in site.plan.rules if rule.decides]
    by_source = _rules_by_source(site, deciding)
    for service in site.services:
        partial = {r.number for r in deciding if _is_partial(r, service)}
        for source in site.attached:
            rules = by_source.get(source.name, [])
            own = source.name in service.endpoints
            if own or any(rule.number in partial for rule in rules):
                yield from _of_source(site, source, service, rules)


def choice_numbers(found: list[Choice]) -> dict[tuple[int, int, tuple[int, ...]], int]:
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


def _rules_by_source(site: Site, rules: list[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        for name in set(rule.sources) & site.local_ids.keys():
            found.setdefault(name, []).append(rule)
    return found


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

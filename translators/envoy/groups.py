"""Which sources of a host share a filter chain: those that the same rules decide on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from translators.plan.evaluate import covers_service
from translators.plan.model import (
    TCP,
    Action,
    Address,
    Capture,
    Endpoint,
    Plan,
    Rule,
    Service,
    ServicePort,
    Tenant,
)


@dataclass(frozen=True, slots=True)
class Door:
    """A captured service port in one address family (4 or 6), as one host's proxy serves it.

    ``served`` are the subsets (None: all of the service) that have an endpoint of this family.
    """

    service: Service
    port: ServicePort
    family: int
    capture: Capture
    served: frozenset[str | None]

    @property
    def name(self) -> str:
        """The listener's name, e.g. ``shop/reviews:80/ipv4``."""
        return f"{self.service.name}:{self.port.port}/ipv{self.family}"

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The service's virtual addresses of this family."""
        return tuple(vip for vip in self.service.vips if vip.version == self.family)


@dataclass(frozen=True, slots=True)
class Group:
    """Local sources of a door that the same rules decide on, in order, then the default."""

    door: Door
    sources: tuple[Endpoint, ...]
    rules: tuple[Rule, ...]
    tenant: Tenant

    @property
    def default(self) -> Action:
        """What happens to a request that no rule matches."""
        return self.tenant.default

    @property
    def label(self) -> str:
        """The first source's name, and for more sources a hash of all their names.

        It depends on the sources alone: a changed rule then changes routes but no listener, so
        that live sessions stay, and a source never shares a name with others' rules.
        """
        first, *others = (source.name for source in self.sources)
        if not others:
            return first
        digest = blake2b("\n".join([first, *others]).encode(), digest_size=4).hexdigest()
        return f"{first}+{len(others)}~{digest}"

    @property
    def name(self) -> str:
        """The name of the filter chain and of its route configuration."""
        return f"{self.door.name}/{self.label}"

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The sources' own addresses of the door's family, sorted."""
        family = self.door.family
        found = {a for source in self.sources for a in source.addresses if a.version == family}
        return tuple(sorted(found, key=int))


def groups(plan: Plan, host: str) -> Iterator[tuple[Door, tuple[Group, ...]]]:
    """Yield the doors that have sources on this host, each with its groups, in order.

    A capture of a port that the service does not have over TCP raises ValueError: it is the
    compiler's error, not the author's.
    """
    candidates: dict[str, list[Rule]] = {capture.service: [] for capture in plan.captures}
    for rule in plan.rules:
        for name in candidates if rule.endpoints else rule.services:
            if name in candidates:
                candidates[name].append(rule)
    for capture in plan.captures:
        yield from groups_of(plan, host, capture, candidates[capture.service])


def groups_of(
    plan: Plan, host: str, capture: Capture, rules: Sequence[Rule]
) -> Iterator[tuple[Door, tuple[Group, ...]]]:
    """Yield one capture's doors on this host, IPv4 first; raises ValueError as above.

    ``rules`` are those of the plan that may concern the service, in order; all of them will do.
    """
    service = plan.service[capture.service]
    port = service.port(capture.port, TCP)
    if port is None:
        message = f"capture of {capture.service}:{capture.port}, which is no TCP port of it"
        raise ValueError(message)
    sources = _local(plan, capture, service, host)
    for family in (4, 6):
        door = Door(service, port, family, capture, _served(plan, service, family))
        found = _split(plan, door, sources, rules)
        if door.addresses and found:
            yield door, found


def _served(plan: Plan, service: Service, family: int) -> frozenset[str | None]:
    parts = [(None, service.endpoints), *((s.name, s.endpoints) for s in service.subsets)]
    return frozenset(
        name
        for name, members in parts
        if any(a.version == family for member in members for a in plan.endpoint[member].addresses)
    )


def _local(plan: Plan, capture: Capture, service: Service, host: str) -> tuple[Endpoint, ...]:
    """Return the capture's sources here, but none that isolation keeps from the service."""
    sources = (plan.endpoint[name] for name in capture.sources)
    return tuple(
        source
        for source in sources
        if (source.host, source.tenant, source.segment) == (host, service.tenant, service.segment)
    )


def _split(
    plan: Plan, door: Door, sources: tuple[Endpoint, ...], candidates: Sequence[Rule]
) -> tuple[Group, ...]:
    here = [s for s in sources if any(a.version == door.family for a in s.addresses)]
    if not here:
        return ()
    covering = [
        (rule, frozenset(rule.sources))
        for rule in candidates
        if covers_service(rule, door.service, door.port, door.family)
    ]
    members: dict[tuple[str, ...], list[Endpoint]] = {}
    rules: dict[tuple[str, ...], tuple[Rule, ...]] = {}
    for source in sorted(here, key=lambda s: s.name):
        deciding = _deciding(covering, source.name)
        key = tuple(rule.name for rule in deciding)
        rules[key] = deciding
        members.setdefault(key, []).append(source)
    tenant = plan.tenant[door.service.tenant]
    found = (Group(door, tuple(members[key]), rules[key], tenant) for key in members)
    return tuple(sorted(found, key=lambda group: group.name))


def _deciding(covering: list[tuple[Rule, frozenset[str]]], source: str) -> tuple[Rule, ...]:
    """Return the source's rules up to the first that asks for no HTTP field."""
    found = []
    for rule, sources in covering:
        if source in sources:
            found.append(rule)
            if rule.http is None:
                break
    return tuple(found)

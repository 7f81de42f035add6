"""Which sources of a host share a filter chain: those that the same rules decide on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from translators.plan.balance import members_of
from translators.plan.covering import covers_service
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
    def deciding(self) -> tuple[Rule, ...]:
        """The rules without those that only count."""
        return tuple(rule for rule in self.rules if rule.decides)

    def audits(self, rule: Rule | None) -> tuple[Rule, ...]:
        """Return the audits that stand before a rule, or before the default."""
        end = len(self.rules) if rule is None else self.rules.index(rule)
        return tuple(rule for rule in self.rules[:end] if not rule.decides)

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


Doors = Iterator[tuple[Door, Mapping[str, tuple[Group, ...]]]]  # each with its groups by host


def groups(plan: Plan, host: str) -> Iterator[tuple[Door, tuple[Group, ...]]]:
    """Yield the doors that have sources on this host, each with its groups, in order.

    A capture of a port that the service does not have over TCP raises ValueError: it is the
    compiler's error, not the author's.
    """
    for capture in plan.captures:
        for door, hosts in doors(plan, capture, host):
            yield door, hosts[host]


def doors(plan: Plan, capture: Capture, host: str | None = None) -> Doors:
    """Yield a capture's doors, IPv4 first, with the groups of each host that has sources.

    With ``host`` only that one counts. Raises ValueError as above.
    """
    service = plan.service[capture.service]
    port = service.port(capture.port, TCP)
    if port is None:
        message = f"capture of {capture.service}:{capture.port}, which is no TCP port of it"
        raise ValueError(message)
    sources = _sources(plan, capture, service, host)
    rules = plan.about(service.name)
    for family in (4, 6):
        door = Door(service, port, family, capture, _served(plan, service, family))
        if not door.addresses:
            continue
        held = [rule for rule in rules if covers_service(rule, service, port, family)]
        covering = [(rule, frozenset(rule.sources)) for rule in held]
        split = {name: _split(plan, door, own, covering) for name, own in sources.items()}
        if found := {name: own for name, own in split.items() if own}:
            yield door, found


def reads(plan: Plan, capture: Capture) -> tuple[object, ...]:
    """Return all that a capture's doors and their groups depend on."""
    service = plan.service[capture.service]
    served = (_served(plan, service, 4), _served(plan, service, 6))
    sources = _sources(plan, capture, service, None)
    tenant = plan.tenant[service.tenant]
    return capture, service, tenant, plan.about(service.name), served, sources


def _served(plan: Plan, service: Service, family: int) -> frozenset[str | None]:
    taking = members_of(plan, service, family)
    parts = [(None, service.endpoints), *((s.name, s.endpoints) for s in service.subsets)]
    return frozenset(name for name, names in parts if not set(names).isdisjoint(taking))


def _sources(
    plan: Plan, capture: Capture, service: Service, host: str | None
) -> dict[str, list[Endpoint]]:
    """Return the capture's sources by host, but none that isolation keeps from the service."""
    found: dict[str, list[Endpoint]] = {}
    near = {name for name in plan.segment if plan.joined(name, service.segment)}
    for name in sorted(capture.sources):
        source = plan.endpoint[name]
        if source.tenant != service.tenant or source.segment not in near:
            continue
        if host is None or source.host == host:
            found.setdefault(source.host, []).append(source)
    return found


def _split(
    plan: Plan, door: Door, sources: list[Endpoint], covering: list[tuple[Rule, frozenset[str]]]
) -> tuple[Group, ...]:
    members: dict[tuple[str, ...], list[Endpoint]] = {}
    rules: dict[tuple[str, ...], tuple[Rule, ...]] = {}
    for source in sources:
        if all(address.version != door.family for address in source.addresses):
            continue
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
            if rule.decides and rule.http is None:
                break
    return tuple(found)

"""What one captured service port needs of each host's proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from translators.envoy.clusters import Destination, cluster
from translators.envoy.encode import encode
from translators.envoy.endpoints import assignment_bytes, locations
from translators.envoy.filters.access_log import Logged
from translators.envoy.groups import Door, Group, doors
from translators.envoy.listeners import listener
from translators.envoy.resources import CLUSTER, ENDPOINT, LISTENER, ROUTE, EncodedResource
from translators.envoy.routes import destinations, route_configuration
from translators.plan.model import Action, Capture, Plan

Inputs = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The resources of one capture, by host; clusters and endpoints are one for all hosts.

    ``kept`` are they once more, each with all that it depends on.
    """

    hosts: Mapping[str, tuple[EncodedResource, ...]] = field(default_factory=dict)
    kept: Mapping[Inputs, tuple[Inputs, EncodedResource]] = field(default_factory=dict, repr=False)


NOTHING = Part()


@dataclass(slots=True)
class _Work:
    """Makes the resources of one capture, but not again those whose inputs are as before."""

    plan: Plan
    logged: Logged
    before: Part
    kept: dict[Inputs, tuple[Inputs, EncodedResource]] = field(default_factory=dict)

    def front(self, door: Door, host: str, groups: tuple[Group, ...]) -> Iterator[EncodedResource]:
        """Yield a host's listener and its routes."""
        origin = origin_of(self.plan, door)
        make = partial(_listener, door, groups, self.logged)
        yield self._again((LISTENER, door.name, host), (door, groups, origin), make, origin)
        for group in groups if door.port.protocol.is_http else ():
            make = partial(_routes, group)
            yield self._again((ROUTE, group.name, host), (group, origin), make, origin)

    def backend(self, one: Destination) -> Iterator[EncodedResource]:
        """Yield a cluster and its endpoints, which are looked at once for all hosts."""
        if (CLUSTER, one.name) in self.kept:
            yield self.kept[CLUSTER, one.name][1]
            yield self.kept[ENDPOINT, one.name][1]
            return
        name, origin = one.name, str(one.door.service.origin)
        yield self._again((CLUSTER, name), (one, origin), partial(_cluster, one), origin)
        found = locations(self.plan, one)
        make = partial(assignment_bytes, name, found)
        yield self._again((ENDPOINT, name), (found, origin), make, origin)

    def _again(
        self, key: tuple[str, ...], inputs: Inputs, make: Callable[[], bytes], origin: str
    ) -> EncodedResource:
        held = self.kept.get(key) or self.before.kept.get(key)
        if held is None or held[0] != inputs:
            held = (inputs, EncodedResource(key[0], key[1], make(), origin))
        self.kept[key] = held
        return held[1]


def _listener(door: Door, groups: tuple[Group, ...], logged: Logged) -> bytes:
    return encode(listener(door, groups, logged))


def _routes(group: Group) -> bytes:
    return encode(route_configuration(group))


def _cluster(one: Destination) -> bytes:
    return encode(cluster(one))


def part(plan: Plan, capture: Capture, logged: Logged, before: Part = NOTHING) -> Part:
    """Return the resources of one capture.

    Their names begin with the service and its port, so that no two captures share any.
    """
    work = _Work(plan, logged, before)
    found: dict[str, list[EncodedResource]] = {}
    for door, hosts in doors(plan, capture):
        for host, groups in hosts.items():
            own = found.setdefault(host, [])
            own.extend(work.front(door, host, groups))
            for one in destinations_of(groups):
                own.extend(work.backend(one))
    return Part({host: tuple(own) for host, own in sorted(found.items())}, work.kept)


def origin_of(plan: Plan, door: Door) -> str:
    """Return the file and line of the rule that asked for the proxy."""
    rule = plan.rule.get(door.capture.rule)
    return str(rule.origin if rule is not None else door.service.origin)


def destinations_of(groups: Iterable[Group]) -> Iterator[Destination]:
    """Yield every cluster that the groups of one door name, once."""
    seen: set[str] = set()
    for group in groups:
        for destination in _used(group):
            if destination.name not in seen:
                seen.add(destination.name)
                yield destination


def _used(group: Group) -> Iterator[Destination]:
    routes = [rule.route for rule in group.rules if rule.action is Action.ALLOW]
    if not any(rule.http is None for rule in group.deciding) and group.tenant.passes:
        routes.append(None)
    for route in routes:
        for destination, _ in destinations(group.door, route):
            yield destination
    if not group.door.port.protocol.is_http and not routes:
        yield Destination(group.door, None)  # the TCP proxy behind a denial must name a cluster

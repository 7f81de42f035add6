"""From the plan to everything that one host's proxy should have."""

from __future__ import annotations

from collections.abc import Iterator

from translators.envoy.clusters import Destination, cluster
from translators.envoy.encode import encode
from translators.envoy.endpoints import assignment, assignment_bytes, locations
from translators.envoy.filters.access_log import Logged
from translators.envoy.groups import Door, Group, groups
from translators.envoy.listeners import listener
from translators.envoy.resources import (
    CLUSTER,
    ENDPOINT,
    LISTENER,
    ROUTE,
    EncodedResource,
    TypedResource,
)
from translators.envoy.routes import destinations, route_configuration
from translators.plan.model import Action, Plan


def translate(plan: Plan, host: str, logged: Logged = Logged.DENIED) -> tuple[EncodedResource, ...]:
    """Return the resources of the host's proxy as bytes, sorted by type and name.

    ``host`` is the proxy's node id. A host without captured sources has no resources.
    """
    doors = tuple(groups(plan, host))
    found = [
        EncodedResource(typed.type_url, typed.name, encode(typed.message), typed.origin)
        for typed in _typed(plan, doors, logged)
    ]
    for destination, origin in _destinations(doors):
        body = assignment_bytes(destination.name, locations(plan, destination))
        found.append(EncodedResource(ENDPOINT, destination.name, body, origin))
    return tuple(sorted(found))


def messages(plan: Plan, host: str, logged: Logged = Logged.DENIED) -> tuple[TypedResource, ...]:
    """Return the same resources as typed messages, in the same order."""
    doors = tuple(groups(plan, host))
    found = list(_typed(plan, doors, logged))
    for destination, origin in _destinations(doors):
        message = assignment(destination.name, locations(plan, destination))
        found.append(TypedResource(ENDPOINT, destination.name, message, origin))
    return tuple(sorted(found, key=lambda typed: (typed.type_url, typed.name)))


Doors = tuple[tuple[Door, tuple[Group, ...]], ...]


def _typed(plan: Plan, doors: Doors, logged: Logged) -> Iterator[TypedResource]:
    """Yield everything but the endpoints."""
    for door, found in doors:
        origin = _origin(plan, door)
        yield TypedResource(LISTENER, door.name, listener(door, found, logged), origin)
        for group in found if door.port.protocol.is_http else ():
            yield TypedResource(ROUTE, group.name, route_configuration(plan, group), origin)
    for destination, origin in _destinations(doors):
        yield TypedResource(CLUSTER, destination.name, cluster(destination), origin)


def _origin(plan: Plan, door: Door) -> str:
    """Return the file and line of the rule that asked for the proxy."""
    rules = {rule.name: rule for rule in plan.rules}
    rule = rules.get(door.capture.rule)
    return str(rule.origin if rule is not None else door.service.origin)


def _destinations(doors: Doors) -> Iterator[tuple[Destination, str]]:
    """Yield every cluster that the doors' routes name, once, with its service's origin."""
    seen: set[str] = set()
    for door, found in doors:
        for group in found:
            for destination in _used(group):
                if destination.name not in seen:
                    seen.add(destination.name)
                    yield destination, str(door.service.origin)


def _used(group: Group) -> Iterator[Destination]:
    routes = [rule.route for rule in group.rules if rule.action is Action.ALLOW]
    if not any(rule.http is None for rule in group.rules) and group.default is Action.ALLOW:
        routes.append(None)
    for route in routes:
        for destination, _ in destinations(group.door, route):
            yield destination
    if not group.door.port.protocol.is_http and not routes:
        yield Destination(group.door, None)  # the TCP proxy behind a denial must name a cluster

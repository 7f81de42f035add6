"""From the plan to everything that one host's proxy should have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from translators.diagnostics import Diagnostic
from translators.envoy.clusters import Destination, cluster
from translators.envoy.encode import encode
from translators.envoy.endpoints import assignment, assignment_bytes, locations
from translators.envoy.filters.access_log import Logged
from translators.envoy.groups import Door, Group, groups
from translators.envoy.listeners import listener
from translators.envoy.patch import patch_findings, patched
from translators.envoy.raw import parsed, raw_findings, raw_resources, taken
from translators.envoy.resources import (
    CLUSTER,
    ENDPOINT,
    LISTENER,
    ROUTE,
    EncodedResource,
    TypedResource,
)
from translators.envoy.routes import destinations, route_configuration
from translators.plan.model import Action, Plan, Rule


def translate(plan: Plan, host: str, logged: Logged = Logged.DENIED) -> tuple[EncodedResource, ...]:
    """Return the resources of the host's proxy as bytes, sorted by type and name.

    ``host`` is the proxy's node id. Compiled resources are amended by the plan's patches, and the
    host's raw resources stand beside them. A host without either has no resources.
    """
    own = patched(host, compiled(plan, host, logged), plan.raw_patches)
    return tuple(sorted((*own, *raw_resources(plan, host))))


def findings(plan: Plan) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the plan's raw resources and patches, sorted."""
    if not plan.raw_resources and not plan.raw_patches:
        return ()
    own = [(host.name, compiled(plan, host.name)) for host in plan.hosts]
    found = [*raw_findings(plan), *patch_findings(own, plan.raw_patches)]
    names = {(host, r.type_url, r.name): r for host, resources in own for r in resources}
    for raw in plan.raw_resources:
        one = parsed(raw.body)
        hits = [names[key] for h in raw.hosts if (key := (h, one.type_url, one.name)) in names]
        found += [taken(raw, one, f"it is compiled from {hit.origin}") for hit in hits[:1]]
    return tuple(sorted(set(found)))


def compiled(plan: Plan, host: str, logged: Logged = Logged.DENIED) -> tuple[EncodedResource, ...]:
    """Return the resources that the host's proxy needs for the policy alone, sorted."""
    doors = tuple(groups(plan, host))
    rules = {rule.name: rule for rule in plan.rules}
    found = []
    for door, members in doors:
        origin = _origin(rules, door)
        found.append(EncodedResource(LISTENER, door.name, _listener(door, members, logged), origin))
        for group in members if door.port.protocol.is_http else ():
            found.append(EncodedResource(ROUTE, group.name, _routes(group), origin))
    for destination, origin in _destinations(doors):
        name, body = destination.name, _cluster(destination)
        found.append(EncodedResource(CLUSTER, name, body, origin))
        body = assignment_bytes(name, locations(plan, destination))
        found.append(EncodedResource(ENDPOINT, name, body, origin))
    return tuple(sorted(found))


# Most of a plan is as it was at the last change: what is encoded once is kept, by its meaning.
_KEPT = 8192


@lru_cache(maxsize=_KEPT)
def _listener(door: Door, members: tuple[Group, ...], logged: Logged) -> bytes:
    return encode(listener(door, members, logged))


@lru_cache(maxsize=_KEPT)
def _routes(group: Group) -> bytes:
    return encode(route_configuration(group))


@lru_cache(maxsize=_KEPT)
def _cluster(destination: Destination) -> bytes:
    return encode(cluster(destination))


def messages(plan: Plan, host: str, logged: Logged = Logged.DENIED) -> tuple[TypedResource, ...]:
    """Return the compiled resources as typed messages, in the same order."""
    doors = tuple(groups(plan, host))
    found = list(_typed(plan, doors, logged))
    for destination, origin in _destinations(doors):
        message = assignment(destination.name, locations(plan, destination))
        found.append(TypedResource(ENDPOINT, destination.name, message, origin))
    return tuple(sorted(found, key=lambda typed: (typed.type_url, typed.name)))


Doors = tuple[tuple[Door, tuple[Group, ...]], ...]


def _typed(plan: Plan, doors: Doors, logged: Logged) -> Iterator[TypedResource]:
    """Yield everything but the endpoints."""
    rules = {rule.name: rule for rule in plan.rules}
    for door, found in doors:
        origin = _origin(rules, door)
        yield TypedResource(LISTENER, door.name, listener(door, found, logged), origin)
        for group in found if door.port.protocol.is_http else ():
            yield TypedResource(ROUTE, group.name, route_configuration(group), origin)
    for destination, origin in _destinations(doors):
        yield TypedResource(CLUSTER, destination.name, cluster(destination), origin)


def _origin(rules: Mapping[str, Rule], door: Door) -> str:
    """Return the file and line of the rule that asked for the proxy."""
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

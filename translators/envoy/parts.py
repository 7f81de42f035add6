"""What one captured service port needs of each host's proxy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from translators.envoy.clusters import Destination, cluster
from translators.envoy.encode import encode
from translators.envoy.endpoints import assignment_bytes, locations
from translators.envoy.filters.access_log import Logged
from translators.envoy.groups import Door, Group, doors
from translators.envoy.listeners import listener
from translators.envoy.resources import CLUSTER, ENDPOINT, LISTENER, ROUTE, EncodedResource
from translators.envoy.routes import destinations, route_configuration
from translators.plan.model import Action, Capture, Plan

Part = Mapping[str, tuple[EncodedResource, ...]]  # by host


def part(plan: Plan, capture: Capture, logged: Logged) -> Part:
    """Return the resources of one capture, by host; clusters and endpoints are one for all hosts.

    Their names begin with the service and its port, so that no two captures share any.
    """
    found: dict[str, list[EncodedResource]] = {}
    for door, hosts in doors(plan, capture):
        backends: dict[str, tuple[EncodedResource, EncodedResource]] = {}
        for host, groups in hosts.items():
            own = found.setdefault(host, [])
            own.extend(_front(plan, door, groups, logged))
            for one in destinations_of(groups):
                if one.name not in backends:
                    backends[one.name] = _backend(plan, one)
                own.extend(backends[one.name])
    return {host: tuple(resources) for host, resources in sorted(found.items())}


def _front(
    plan: Plan, door: Door, groups: tuple[Group, ...], logged: Logged
) -> Iterator[EncodedResource]:
    origin = origin_of(plan, door)
    body = encode(listener(door, groups, logged))
    yield EncodedResource(LISTENER, door.name, body, origin)
    for group in groups if door.port.protocol.is_http else ():
        body = encode(route_configuration(group))
        yield EncodedResource(ROUTE, group.name, body, origin)


def _backend(plan: Plan, one: Destination) -> tuple[EncodedResource, EncodedResource]:
    name, origin = one.name, str(one.door.service.origin)
    endpoints = assignment_bytes(name, locations(plan, one))
    return (
        EncodedResource(CLUSTER, name, encode(cluster(one)), origin),
        EncodedResource(ENDPOINT, name, endpoints, origin),
    )


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
    if not any(rule.http is None for rule in group.rules) and group.default is Action.ALLOW:
        routes.append(None)
    for route in routes:
        for destination, _ in destinations(group.door, route):
            yield destination
    if not group.door.port.protocol.is_http and not routes:
        yield Destination(group.door, None)  # the TCP proxy behind a denial must name a cluster

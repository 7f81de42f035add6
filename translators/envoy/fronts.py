"""What proxies have in front of a captured port's backends: listeners and routes, by host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from translators.envoy.clusters import Destination
from translators.envoy.encode import encode
from translators.envoy.filters.access_log import Logged
from translators.envoy.groups import Door, Group, doors, reads
from translators.envoy.listeners import listener
from translators.envoy.resources import LISTENER, ROUTE, EncodedResource
from translators.envoy.routes import destinations, route_configuration
from translators.plan.model import Action, Capture, Plan

Inputs = tuple[object, ...]
Kept = Mapping[Inputs, tuple[Inputs, EncodedResource]]  # each with all that it depends on


@dataclass(frozen=True, slots=True)
class Fronts:
    """Listeners and routes of one capture, by host, and the clusters that these name.

    ``inputs``: all that any of it depends on. Hosts that name the same clusters share the tuple.
    """

    inputs: Inputs = ()
    resources: Mapping[str, tuple[EncodedResource, ...]] = field(default_factory=dict)
    named: Mapping[str, tuple[Destination, ...]] = field(default_factory=dict)
    kept: Kept = field(default_factory=dict, repr=False)


NOTHING = Fronts()


def fronts(plan: Plan, capture: Capture, logged: Logged, before: Fronts = NOTHING) -> Fronts:
    """Return the fronts of one capture: those of before, if nothing has changed for any host."""
    inputs: Inputs = (logged, origin_of(plan, capture), *reads(plan, capture))
    if inputs == before.inputs:
        return before
    work = _Work(logged, before.kept)
    for door, hosts in doors(plan, capture):
        for host, groups in hosts.items():
            work.add(door, origin_of(plan, capture), host, groups)
    return work.done(inputs)


@dataclass(slots=True)
class _Work:
    """Makes the fronts of one capture, but not again those whose inputs are as before."""

    logged: Logged
    before: Kept
    kept: dict[Inputs, tuple[Inputs, EncodedResource]] = field(default_factory=dict)
    made: dict[str, list[EncodedResource]] = field(default_factory=dict)
    named: dict[str, list[Destination]] = field(default_factory=dict)

    def add(self, door: Door, origin: str, host: str, groups: tuple[Group, ...]) -> None:
        """Add one door of a host."""
        own = self.made.setdefault(host, [])
        make = partial(_listener, door, groups, self.logged)
        inputs: Inputs = (door, groups, origin, self.logged)
        own.append(self._again((LISTENER, door.name, host), inputs, make, origin))
        for group in groups if door.port.protocol.is_http else ():
            make = partial(_routes, group)
            own.append(self._again((ROUTE, group.name, host), (group, origin), make, origin))
        self.named.setdefault(host, []).extend(destinations_of(groups))

    def done(self, inputs: Inputs) -> Fronts:
        """Return what was made."""
        same: dict[tuple[str, ...], tuple[Destination, ...]] = {}  # by the clusters' names
        named = {
            host: same.setdefault(tuple(one.name for one in own), tuple(own))
            for host, own in self.named.items()
        }
        return Fronts(
            inputs,
            {host: tuple(own) for host, own in sorted(self.made.items())},
            named,
            self.kept,
        )

    def _again(
        self, key: tuple[str, ...], inputs: Inputs, make: Callable[[], bytes], origin: str
    ) -> EncodedResource:
        held = self.before.get(key)
        if held is None or held[0] != inputs:
            held = (inputs, EncodedResource(key[0], key[1], make(), origin))
        self.kept[key] = held
        return held[1]


def _listener(door: Door, groups: tuple[Group, ...], logged: Logged) -> bytes:
    return encode(listener(door, groups, logged))


def _routes(group: Group) -> bytes:
    return encode(route_configuration(group))


def origin_of(plan: Plan, capture: Capture) -> str:
    """Return the file and line of the rule that asked for the proxy."""
    rule = plan.rule.get(capture.rule)
    return str(rule.origin if rule is not None else plan.service[capture.service].origin)


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

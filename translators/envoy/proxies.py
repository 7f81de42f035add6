"""From the plan to everything that every host's proxy should have, made again where it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from translators.envoy.exchange import Exchange
from translators.envoy.filters.access_log import Logged
from translators.envoy.parts import NOTHING as EMPTY
from translators.envoy.parts import Part, Share, part
from translators.envoy.patch import patched
from translators.envoy.raw import raw_by_host
from translators.envoy.resources import EncodedResource, Resources, by_type
from translators.plan.changes import changes
from translators.plan.model import Plan

NOTHING: Resources = {}
NO_SHARE = Share()
Key = tuple[str, int]  # a service and its port


@dataclass(frozen=True, slots=True)
class Proxies:
    """The resources of every host's proxy, with what they were made from.

    Mappings in which nothing has changed are the same objects as before, and the same for hosts
    that have the same; who works them on can tell by that.
    """

    plan: Plan = field(default_factory=Plan)
    logged: Logged = Logged.DENIED
    parts: Mapping[Key, Part] = field(default_factory=dict)
    own: Mapping[str, Resources] = field(default_factory=dict)  # compiled, by host
    raw: Mapping[str, Resources] = field(default_factory=dict)  # by host
    resources: Mapping[str, Resources] = field(default_factory=dict)  # all, by host

    def of(self, host: str) -> tuple[EncodedResource, ...]:
        """Return all resources of a host's proxy, sorted by type and name."""
        return _flat(self.resources.get(host, NOTHING))

    def compiled(self, host: str) -> tuple[EncodedResource, ...]:
        """Return those that the host's proxy needs for the policy alone, sorted the same way."""
        return _flat(self.own.get(host, NOTHING))

    def compiled_as(self, host: str, type_url: str, name: str) -> EncodedResource | None:
        """Return a host's compiled resource of this type and name, if there is one."""
        return self.own.get(host, NOTHING).get(type_url, {}).get(name)


def translated(
    plan: Plan,
    logged: Logged = Logged.DENIED,
    before: Proxies = Proxies(),
) -> Proxies:
    """Return the resources of every host's proxy.

    What was made ``before`` is taken over where nothing that it depends on has changed; the
    result is the same without it.
    """
    if logged is not before.logged:
        before = Proxies(logged=logged)
    parts = _parts(plan, logged, before)
    own = _own(plan, parts, before)
    same = plan.raw_resources is before.plan.raw_resources and plan.hosts is before.plan.hosts
    raw = before.raw if same else raw_by_host(plan)
    found = Proxies(plan, logged, parts, own, raw)
    return replace(found, resources=_resources(found, before))


def _parts(plan: Plan, logged: Logged, before: Proxies) -> Mapping[Key, Part]:
    old = before.parts
    touched = _touched(plan, before.plan)
    if not touched:
        return old
    parts = {
        key: part(plan, plan.captured[key], logged, old.get(key, EMPTY))
        for key in touched
        if key in plan.captured
    }
    if parts.keys() <= old.keys() and touched <= plan.captured.keys():
        return {**old, **parts}  # in order, as before
    kept = {key: own for key, own in old.items() if key not in touched}
    return dict(sorted({**kept, **parts}.items(), key=lambda item: item[0]))


def _touched(plan: Plan, before: Plan) -> set[Key]:
    """Return the captures, old and new, that anything has changed for."""
    found = changes(before, plan)
    services = set(found.services)
    if found.tenants:
        services.update(s.name for s in plan.services if s.tenant in found.tenants)
    touched = {key for key in plan.captured if key[0] in services}
    if found.endpoints:
        own = plan.captured.items()
        touched.update(key for key, c in own if not found.endpoints.isdisjoint(c.sources))
    return touched | found.captures


def _own(plan: Plan, parts: Mapping[Key, Part], before: Proxies) -> Mapping[str, Resources]:
    differing = _differing(parts, before.parts)
    if not differing and plan.hosts is before.plan.hosts:
        return before.own
    exchange = Exchange()
    own = {host: known for host, known in before.own.items() if host in plan.host}
    for key in sorted(differing):
        now, then = parts.get(key, EMPTY).hosts, before.parts.get(key, EMPTY).hosts
        for host in {*now, *then}:
            old, new = then.get(host, NO_SHARE), now.get(host, NO_SHARE)
            held = exchange.exchanged(own.get(host, NOTHING), old.front, new.front)
            own[host] = exchange.exchanged(held, old.back, new.back)
    return {host: own[host] for host in sorted(own) if own[host]}


def _differing(new: Mapping[Key, Part], old: Mapping[Key, Part]) -> set[Key]:
    changed = {key for key, own in new.items() if old.get(key) is not own}
    return changed | (old.keys() - new.keys())


def _resources(found: Proxies, before: Proxies) -> Mapping[str, Resources]:
    unpatched = found.plan.raw_patches is before.plan.raw_patches
    if unpatched and found.own is before.own and found.raw is before.raw:
        return before.resources
    resources: dict[str, Resources] = {}
    for host in sorted({*found.own, *found.raw}):
        own, raw = found.own.get(host, NOTHING), found.raw.get(host, NOTHING)
        same = own is before.own.get(host, NOTHING) and raw is before.raw.get(host, NOTHING)
        if unpatched and same and host in before.resources:
            resources[host] = before.resources[host]
        else:
            resources[host] = _amended(host, own, raw, found.plan)
    return resources


def _amended(host: str, own: Resources, raw: Resources, plan: Plan) -> Resources:
    """Return a host's compiled resources as the patches make them, and its raw ones."""
    patches = [one for one in plan.raw_patches if host in one.hosts]
    amended = by_type(patched(host, _flat(own), patches)) if patches else own
    if not raw:
        return amended
    if not amended:
        return raw
    return by_type((*_flat(amended), *_flat(raw)))


def _flat(resources: Resources) -> tuple[EncodedResource, ...]:
    return tuple(one for named in resources.values() for one in named.values())

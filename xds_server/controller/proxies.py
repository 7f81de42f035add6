"""From the resources of proxies to their snapshots, where equal things are the same objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from translators.envoy import EncodedResource, Proxies
from xds_server.snapshots.model import Resource, Snapshot

Held = Mapping[str, Resource]  # by name
Named = Mapping[str, EncodedResource]  # by name
_EMPTY = Snapshot({})
_NOTHING: Mapping[str, Named] = {}


@dataclass(slots=True)
class _Made:
    """What was made for one host serves every other that has the same."""

    types: dict[int, tuple[Held, str]] = field(default_factory=dict)  # by the mapping's id
    snapshots: dict[tuple[int, ...], Snapshot] = field(default_factory=dict)


def snapshots_of(
    now: Proxies, before: Proxies, held: Mapping[str, Snapshot]
) -> Mapping[str, Snapshot]:
    """Return the snapshot of every declared host; ``held`` are those made from ``before``.

    A type in which nothing changed keeps its resources and its version, and hosts that have the
    same resources share one snapshot.
    """
    if now.resources is before.resources and now.plan.hosts is before.plan.hosts:
        return held
    made = _Made()
    return {host.name: _snapshot(host.name, now, before, held, made) for host in now.plan.hosts}


def _snapshot(
    host: str, now: Proxies, before: Proxies, held: Mapping[str, Snapshot], made: _Made
) -> Snapshot:
    resources = now.resources.get(host, _NOTHING)
    old, known = before.resources.get(host, _NOTHING), held.get(host, _EMPTY)
    if resources is old and host in held:
        return known
    key = tuple(map(id, resources.values()))
    if key in made.snapshots:
        return made.snapshots[key]
    types, digests = dict[str, Held](), dict[str, str]()
    partly = resources.keys() == old.keys() == known.resources.keys()
    for url, named in resources.items():
        if partly and named is old[url]:
            continue
        if id(named) not in made.types:
            made.types[id(named)] = _type(named, old.get(url, {}), known, url)
        types[url], digests[url] = made.types[id(named)]
    found = known.with_types(types, digests) if partly else Snapshot(types, digests=digests)
    made.snapshots[key] = found
    return found


def _type(named: Named, old: Named, known: Snapshot, url: str) -> tuple[Held, str]:
    kept = known.of(url)
    if named is old:
        return kept, known.digest(url)
    found = {
        name: kept[name] if old.get(name) is one and name in kept else _resource(one)
        for name, one in named.items()
    }
    return found, Snapshot({url: found}).digest(url)


def _resource(one: EncodedResource) -> Resource:
    return Resource(one.type_url, one.name, one.body, origin=one.origin)

"""From the resources of proxies to their snapshots, where equal things are the same objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from translators.envoy import EncodedResource, Proxies
from xds_server.snapshots.model import Resource, Snapshot

Held = Mapping[str, Resource]  # by name
Named = Mapping[str, EncodedResource]  # by name
_EMPTY = Snapshot({})


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
    made = _Made()
    return {host.name: _snapshot(host.name, now, before, held, made) for host in now.plan.hosts}


def _snapshot(
    host: str, now: Proxies, before: Proxies, held: Mapping[str, Snapshot], made: _Made
) -> Snapshot:
    resources = now.resources.get(host, {})
    old, known = before.resources.get(host, {}), held.get(host, _EMPTY)
    if resources is old and host in held:
        return known
    for url, named in resources.items():
        if id(named) not in made.types:
            made.types[id(named)] = _type(named, old.get(url, {}), known, url)
    key = tuple(id(made.types[id(named)][0]) for named in resources.values())
    if key not in made.snapshots:
        types = {url: made.types[id(named)] for url, named in resources.items()}
        made.snapshots[key] = Snapshot(
            {url: kept for url, (kept, _) in types.items()},
            digests={url: digest for url, (_, digest) in types.items()},
        )
    return made.snapshots[key]


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

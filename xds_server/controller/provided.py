"""What a folder of plain resources gives to proxies, and how it joins what is compiled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from translators.diagnostics import Diagnostic, report
from translators.envoy.resources import EncodedResource
from translators.folder.read import EVERY, Contents, Given, Held
from xds_server.controller.targets import Targets
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

_KEPT = 1000  # versions of a node's type that are remembered


@dataclass(frozen=True, slots=True)
class Provided:
    """Snapshots by node, and the one that nodes get whose name the folder does not have.

    ``texts`` has the source line of each origin, for those who ask why a resource is there.
    """

    nodes: Mapping[str, Snapshot] = field(default_factory=dict)
    every: Snapshot | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.nodes) or self.every is not None

    def of(self, node: str) -> Snapshot | None:
        """Return what the folder gives to a node."""
        return self.nodes.get(node, self.every)


NOTHING = Provided()


def provided_of(contents: Contents, texts: Mapping[str, str] | None = None) -> Provided:
    """Return a folder's contents as snapshots; a folder without resources gives nothing."""
    shared = contents.nodes.get(EVERY, Held())
    common = _resources(shared.resources.values())
    nodes = {
        node: snapshot_of(
            [*common, *_resources(held.resources.values())], _versions(shared.given, held.given)
        )
        for node, held in contents.nodes.items()
        if node != EVERY and (held.resources or common)
    }
    every = snapshot_of(common, _versions(shared.given)) if common else None
    return Provided(nodes, every, texts or {})


def _resources(found: Iterable[EncodedResource]) -> list[Resource]:
    return [Resource(one.type_url, one.name, one.body, origin=one.origin) for one in found]


def _versions(*given: Iterable[Given]) -> dict[str, str]:
    return {one.type_url: one.version for some in given for one in some}


def joined(targets: Targets, hosts: Collection[str], provided: Provided) -> Targets:
    """Return the targets with what the folder gives: to hosts beside what is compiled for them.

    A host's versions are always hashes: what is compiled changes without the folder's author.
    """
    own = {node: found for node, found in provided.nodes.items() if node not in hosts}
    return replace(
        targets,
        proxies={**_beside(targets.proxies, provided), **own},
        between=_beside(targets.between, provided),
        others=provided.every,
    )


def _beside(compiled: Mapping[str, Snapshot], provided: Provided) -> dict[str, Snapshot]:
    return {node: _both(snapshot, provided.of(node)) for node, snapshot in compiled.items()}


def _both(compiled: Snapshot, given: Snapshot | None) -> Snapshot:
    if given is None:
        return compiled
    return snapshot_of(one for found in (given, compiled) for one in _each(found))


def _each(snapshot: Snapshot) -> Iterator[Resource]:
    for named in snapshot.resources.values():
        yield from named.values()


def clashes(compiled: Mapping[str, Snapshot], provided: Provided) -> tuple[Diagnostic, ...]:
    """Return an error for each name that both a policy and the folder give to a host."""
    found = set()
    for host, snapshot in compiled.items():
        given = provided.of(host)
        for one in _each(given) if given is not None else ():
            taken = snapshot.of(one.type_url).get(one.name)
            if taken is not None:
                file, _, line = one.origin.rpartition(":")
                kind = one.type_url.rpartition(".")[2]
                message = f"{kind} {one.name} exists: on {host} it is at {taken.origin} already"
                found.add(report("FS6004", file, int(line), message))
    return tuple(sorted(found))


class VersionBook:
    """The contents that given versions stood for, so that none comes to stand for another."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], dict[str, str]] = {}  # node and type: version to digest

    def reused(self, contents: Contents, provided: Provided) -> tuple[Diagnostic, ...]:
        """Return an error for each version that had another content before."""
        found = set()
        shared = contents.nodes.get(EVERY, Held()).given
        for node, snapshot in _named(provided):
            for one in (*shared, *contents.nodes.get(node, Held()).given):
                digest = snapshot.digest(one.type_url)
                if self._known(node, one, digest) != digest:
                    kind = one.type_url.rpartition(".")[2]
                    message = f"version {one.version} of {kind} had another content"
                    found.add(report("FS6011", one.file, one.line, message))
        return tuple(sorted(found))

    def _known(self, node: str, given: Given, digest: str) -> str:
        """Return what a version stood for; a node without a past has that of every node."""
        key = (node, given.type_url)
        told = self._told.get(key) or self._told.get((EVERY, given.type_url), {})
        return told.get(given.version, digest)

    def keep(self, provided: Provided) -> None:
        """Remember the versions of what is served from now on."""
        for node, snapshot in _named(provided):
            for url, version in snapshot.given.items():
                told = self._told.setdefault((node, url), {})
                told[version] = snapshot.digest(url)
                if len(told) > _KEPT:
                    del told[next(iter(told))]


def _named(provided: Provided) -> Iterator[tuple[str, Snapshot]]:
    yield from provided.nodes.items()
    if provided.every is not None:
        yield EVERY, provided.every

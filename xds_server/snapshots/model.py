"""The bytes that each device should run, addressed by content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xds_server.snapshots.bridge import (
    BridgeProgram,
    FlowEntry,
    FlowKey,
    GroupEntry,
    MeterEntry,
    program_of,
)
from xds_server.snapshots.names import canonical

__all__ = [
    "BridgeProgram",
    "FlowEntry",
    "FlowKey",
    "GroupEntry",
    "MeterEntry",
    "Resource",
    "Snapshot",
    "SwitchConfig",
    "content_version",
    "keeps_names",
    "program_of",
    "snapshot_of",
]


def content_version(*parts: bytes) -> str:
    """Return a version that is equal wherever the content is equal (128-bit BLAKE2b, hex)."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Resource:
    """One encoded xDS resource: ``body`` is the message inside the Any, ``version`` its content.

    ``aliases``: other names under which it may be asked for (virtual hosts); ``ttl``: seconds
    after which a client that hears nothing drops it, 0 for never; ``on_demand``: only clients
    that ask for it by name get it, a wildcard does not cover it.
    """

    type_url: str
    name: str
    body: bytes = field(repr=False)  # it may be a secret
    version: str = ""
    origin: str = ""  # "file:line" of the clause that caused it
    aliases: tuple[str, ...] = ()
    ttl: float = 0.0
    on_demand: bool = False

    def __post_init__(self) -> None:
        if (name := canonical(self.name)) is not self.name:
            object.__setattr__(self, "name", name)
        if self.version:
            return
        more = [alias.encode() for alias in self.aliases]
        more += [f"ttl={self.ttl:g}".encode()] if self.ttl else []
        object.__setattr__(self, "version", content_version(self.body, *more))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything one proxy should have: type URL to name to resource; version per type.

    ``digests`` are of the content; ``given`` versions, by type, are shown to clients in their
    place. Whoever gives them must not give one version to two contents of a proxy. ``only``: the
    types that it speaks of; about others nothing is said. If empty, it speaks of all.
    """

    resources: Mapping[str, Mapping[str, Resource]]
    given: Mapping[str, str] = field(default_factory=dict)
    only: frozenset[str] = frozenset()
    digests: Mapping[str, str] = field(default_factory=dict)  # those left out are worked out
    versions: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        known = self.digests
        digests = {url: known.get(url) or _version(named) for url, named in self.resources.items()}
        given = {url: self.given[url] for url in digests if self.given.get(url)}
        object.__setattr__(self, "digests", digests)
        object.__setattr__(self, "versions", {**digests, **given})

    def of(self, type_url: str) -> Mapping[str, Resource]:
        """Return the resources of one type, by name."""
        return self.resources.get(type_url, {})

    def version(self, type_url: str) -> str:
        """Return the state-of-the-world version of one type; a type without resources has one."""
        return self.versions.get(type_url) or _NO_RESOURCES

    def equals(self, other: Snapshot, type_url: str) -> bool:
        """Whether another snapshot has the same content of a type, under the same version."""
        same = self.digest(type_url) == other.digest(type_url)
        return same and self.version(type_url) == other.version(type_url)

    def changed(self, before: Snapshot) -> tuple[str, ...]:
        """Return the types of which another snapshot has other content, or another version."""
        urls = _differing(before.digests, self.digests)
        if self.given or before.given:
            urls += _differing(before.versions, self.versions)
        return tuple(url for url in dict.fromkeys(urls) if not self.equals(before, url))

    def with_type(self, type_url: str, named: Mapping[str, Resource] | None) -> Snapshot:
        """Return a snapshot with these resources of one type, or with the type left out."""
        if named is None and type_url not in self.resources:
            return self
        resources = {url: kept for url, kept in self.resources.items() if url != type_url}
        digests = {url: kept for url, kept in self.digests.items() if url != type_url}
        versions = {url: kept for url, kept in self.versions.items() if url != type_url}
        if named is not None:
            resources[type_url] = named
            digests[type_url] = versions[type_url] = _version(named)
        return self._with(resources, digests, versions)

    def with_types(
        self, types: Mapping[str, Mapping[str, Resource]], digests: Mapping[str, str]
    ) -> Snapshot:
        """Return a snapshot with other resources of types that it has; ``digests`` are theirs."""
        return self._with(
            {**self.resources, **types}, {**self.digests, **digests}, {**self.versions, **digests}
        )

    def _with(
        self,
        resources: Mapping[str, Mapping[str, Resource]],
        digests: Mapping[str, str],  # those of other types need not be worked out again
        versions: Mapping[str, str],
    ) -> Snapshot:
        found = object.__new__(type(self))
        put = object.__setattr__
        put(found, "resources", resources)
        put(found, "given", self.given)
        put(found, "only", self.only)
        put(found, "digests", digests)
        put(found, "versions", versions)
        return found

    def digest(self, type_url: str) -> str:
        """Return a hash of one type's content, whatever version its author gave it."""
        return self.digests.get(type_url) or _NO_RESOURCES


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Return the keys that have another value, or are in one alone."""
    found = [key for key, value in new.items() if old.get(key) != value]
    return found + [key for key in old if key not in new]


def _version(named: Mapping[str, Resource]) -> str:
    pairs = sorted((name, resource.version) for name, resource in named.items())
    return content_version(repr(pairs).encode())


_NO_RESOURCES = _version({})


def snapshot_of(resources: Iterable[Resource], given: Mapping[str, str] | None = None) -> Snapshot:
    """Return a snapshot that holds these resources, in canonical order."""
    by_type: dict[str, dict[str, Resource]] = {}
    for resource in sorted(resources, key=lambda r: (r.type_url, r.name)):
        by_type.setdefault(resource.type_url, {})[resource.name] = resource
    return Snapshot(by_type, given or {})


def keeps_names(old: Snapshot, new: Snapshot) -> bool:
    """Whether a snapshot has every name, of every type, that an older one has."""
    has = new.resources
    for url, named in old.resources.items():
        own = has.get(url)
        if own is not named and named and not (own and named.keys() <= own.keys()):
            return False
    return True


@dataclass(frozen=True, slots=True)
class SwitchConfig:
    """What one fabric switch should run: an FRR configuration and its VXLAN and bridge devices."""

    switch: str
    frr: str  # canonical integrated configuration (frr.conf)
    links: str  # canonical JSON: devices, their parents, VNIs, MTUs and addresses
    version: str

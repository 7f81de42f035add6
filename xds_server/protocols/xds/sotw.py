"""The state-of-the-world dialect: every response holds everything that is subscribed.

Source: "xDS REST and gRPC protocol", section "Basic Protocol Overview" onwards.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Set
from dataclasses import replace

from xds_server.protocols.xds.endpoints import no_endpoints
from xds_server.protocols.xds.heartbeat import BeatingWatch
from xds_server.protocols.xds.offer import Draft, Offer, Target
from xds_server.protocols.xds.quarantine import Item
from xds_server.protocols.xds.resource_types import ENDPOINT, KNOWN_TYPES, LEGACY_WILDCARD
from xds_server.protocols.xds.responses import NOT_FOUND, ResourceError, encode_sotw
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.subscription import Subscription
from xds_server.protocols.xds.wire import SotwRequest
from xds_server.snapshots.evidence import Device, Evidence
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

_NONE: Mapping[str, Resource] = {}  # one object, so that new streams are alike


class SotwWatch(BeatingWatch):
    """One type on a state-of-the-world stream.

    The version on the wire is the hash of what the response holds, not of the whole type: equal
    versions mean equal content whatever the client subscribes to.
    """

    __slots__ = ("_claimed", "_forced", "_held", "_holds", "_must_answer", "_names", "_nonce")

    def __init__(
        self, type_url: str, device: Device, patience: float, shared: Shared | None = None
    ) -> None:
        super().__init__(type_url, device, patience, shared)
        self._nonce: str | None = None  # of the last response; None: no request yet
        self._claimed = ""  # the version that the client says it kept from an earlier stream
        self._held: Mapping[str, Resource] = _NONE
        self._holds = ""  # the version that it acknowledged last
        self._names: tuple[str, ...] | None = None  # as the client listed them last
        self._must_answer = False
        self._forced = False

    def receive(self, request: SotwRequest, now: float) -> list[Evidence]:
        """Take one request; one that answers another response than the last asks for nothing.

        The client will answer the last response too, and every request lists all names. But what
        it did not list in between it has dropped, and lacks if it refuses that response.
        """
        if self._nonce is None:
            self._nonce = ""
            self._claimed = request.version
        elif request.nonce != self._nonce:
            if request.names != self._names:
                self._dropped(self._stated(request.names))
            return []
        evidence = self.settle(request.nonce, request.error, now)
        self._subscribe(request.names)
        return evidence

    def _subscribe(self, names: tuple[str, ...]) -> None:
        if names == self._names:
            return
        self._names = names
        before, stated = self.subscription, self._stated(names)
        if stated == before:
            return
        self.subscription = stated
        self.touch()
        gained = self.subscription.wildcard and not before.wildcard
        if gained or self.subscription.names - before.names:
            self._must_answer = True
        if before.wildcard or before.names:
            self._claimed = ""  # the claim was about what the first request asked for
        self._dropped(self.subscription)

    def _stated(self, names: tuple[str, ...]) -> Subscription:
        return self._shared.stated(self.subscription, names, self.type_url in LEGACY_WILDCARD)

    def _dropped(self, asked: Subscription) -> None:
        """Forget what a client that asks for this has dropped."""
        if all(asked.covers(name) for name in self.known):
            return
        self.known = {n: v for n, v in self.known.items() if asked.covers(n)}
        self._held = {n: r for n, r in self._held.items() if asked.covers(n)}

    def force(self, names: frozenset[str]) -> None:
        """Owe these names to the client again, though nothing in them has changed."""
        if any(self.subscription.covers(name) for name in names):
            self._forced = True
            self.touch()

    def _basis(self) -> tuple[tuple[Hashable, ...], tuple[object, ...]]:
        return (self._must_answer, self._forced), (self.known, self._held)

    def _draft(self, target: Target) -> Draft:
        if self._claimed:
            self._trust(target)
        return super()._draft(target)

    def _compose(self, target: Target) -> Draft:
        wanted, exact = self._content(target)
        lacking = self._lacking(wanted)
        chosen = self.quarantine.choose(self._free(lacking, target))
        whole = len(chosen) == len(lacking)
        content = wanted if whole else self._without(wanted, lacking.keys() - set(chosen))
        digest = self._digest(content, target.snapshot if whole else None)
        versions = _versions(content)
        return Draft(
            content=content,
            changed=tuple(lacking[item] for item in chosen),
            digest=digest,
            wire_version=self._wire_version(digest, target.snapshot),
            due=self._must_answer or self._forced or versions != self.known,
            whole=whole,
            exact=exact and whole,
            items={item: lacking[item] for item in chosen},
            bad=tuple(item for item in lacking if item in self.quarantine),
            missing=frozenset(n for n, _ in lacking if n not in self.known)
            if self.quarantine
            else frozenset(),
            held=content,
            known=versions,
        )

    def _lacking(self, wanted: Mapping[str, Resource]) -> dict[Item, Resource]:
        known = self.known
        return {(n, r.version): r for n, r in wanted.items() if known.get(n) != r.version}

    def _without(self, wanted: dict[str, Resource], items: Set[Item]) -> dict[str, Resource]:
        """Return the content with what must not be sent now as the client has it, if it does."""
        content = dict(wanted)
        for name, _ in items:
            held = self._held.get(name)
            if held is None:
                del content[name]
            else:
                content[name] = held
        return content

    def _trust(self, target: Target) -> None:
        """Find out what a client that reconnects holds: a snapshot that has the same hash.

        It need not be sent what it has; what it has too much can be retained until its routes
        have moved. If no snapshot has the hash, it is sent everything and loses the rest at once.
        """
        known = self._shared.states
        snapshots = (target.snapshot, *target.earlier)
        url = self.type_url
        versions = tuple((one.version(url), one.digest(url)) for one in snapshots)
        key = ("claim", url, self.subscription, self._claimed, versions, target.retain)
        found = known.recall(key, lambda: self._claim(target, snapshots), len, (self._held,))
        if found is not _NONE:
            self._hold(found)
            self._holds = self._claimed
            # A client goes on to claim a version after it has dropped what outlived its time.
            self._must_answer = any(resource.ttl for resource in found.values())
        self._claimed = ""

    def _claim(self, target: Target, snapshots: tuple[Snapshot, ...]) -> Mapping[str, Resource]:
        for snapshot in snapshots:
            content, _ = self._content(replace(target, snapshot=snapshot))
            if self._wire_version(self._digest(content, snapshot), snapshot) == self._claimed:
                return content
        return _NONE

    def _digest(self, content: Mapping[str, Resource], snapshot: Snapshot | None) -> str:
        if snapshot is not None and content.keys() == snapshot.of(self.type_url).keys():
            return snapshot.digest(self.type_url)  # the same by definition, hashed once for all
        return snapshot_of(content.values()).version(self.type_url)

    def _wire_version(self, digest: str, snapshot: Snapshot) -> str:
        """Return the version that the caller gave the whole type, if that is the content."""
        if digest == snapshot.digest(self.type_url):
            return snapshot.version(self.type_url)
        return digest

    def _content(self, target: Target) -> tuple[dict[str, Resource], bool]:
        """Return what the client should hold now, and whether nothing was retained."""
        available = target.snapshot.of(self.type_url)
        names: Set[str] = self.subscription.names
        if self.subscription.wildcard:
            names |= {name for name, resource in available.items() if not resource.on_demand}
        if self.subscription.globs:
            collects = self.subscription.collects
            names |= {n for n, r in available.items() if collects(n) and not r.on_demand}
            names -= self.subscription.globs
        content = {name: available[name] for name in sorted(names & available.keys())}
        gone = self._held.keys() - content.keys() if target.retain else set()
        retained = {name: self._held[name] for name in gone if not _is_empty(self._held[name])}
        more = dict(retained)
        if self.type_url == ENDPOINT:
            absent = names - content.keys() - retained.keys()
            more.update((name, no_endpoints(name)) for name in absent if name)
        if more:
            content = dict(sorted((content | more).items()))
        return content, not retained

    def _sending(self) -> None:
        self._must_answer = self._forced = False
        self._nonce = self.offer.nonce if self.offer is not None else ""

    def _encode(self, draft: Draft) -> bytes:
        resources = [resource for resource in draft.content.values() if resource]
        errors = self._errors(draft)
        return encode_sotw(self.type_url, draft.wire_version, "", resources, errors)

    def _errors(self, draft: Draft) -> dict[str, ResourceError]:
        """Say of names that do not exist that they do not: silence would be waited for."""
        names = self.subscription.names
        if self.type_url not in KNOWN_TYPES:
            return super()._errors(replace(draft, content=dict.fromkeys(names)))
        if self.type_url == ENDPOINT:
            return {}  # an empty assignment says it
        known = self._aimed.snapshot.of(self.type_url) if self._aimed is not None else {}
        named = names - self.subscription.globs
        absent = [n for n in named if n not in known and n not in draft.content]
        return {n: ResourceError(NOT_FOUND, f"there is no {n!r} for this node") for n in absent}

    def _beat(self, kept: tuple[Resource, ...], goal: str) -> tuple[str, bytes]:
        """Say the resources again as they are, since Envoy 1.40 skips a heartbeat without a body.

        Where an answer that lacks a name removes it, all that the client holds must be in it.
        """
        version = self._holds or goal
        whole = self.subscription.wildcard or self.type_url in LEGACY_WILDCARD
        return version, encode_sotw(
            self.type_url, version, "", self._held.values() if whole else kept
        )

    def _learn(self, offer: Offer) -> None:
        self._holds = offer.draft.wire_version
        if offer.draft.beat:
            return

        self._held, self.known = offer.draft.held, offer.draft.known

    def _hold(self, held: Mapping[str, Resource]) -> None:
        self._held = held
        self.known = self._shared.states.recall("known", lambda: _versions(held), len, (held,))


def _versions(content: Mapping[str, Resource]) -> dict[str, str | None]:
    return {name: resource.version for name, resource in content.items()}


def _is_empty(resource: Resource) -> bool:
    return resource.type_url == ENDPOINT and resource == no_endpoints(resource.name)

"""The incremental dialect: only what changed, and what is gone, by name.

Source: "xDS REST and gRPC protocol", section "Incremental xDS".
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Set

from xds_server.protocols.xds.heartbeat import BeatingWatch
from xds_server.protocols.xds.initial import weigh
from xds_server.protocols.xds.offer import NOTHING, UNSURE, Draft, Offer, Target
from xds_server.protocols.xds.quarantine import Item
from xds_server.protocols.xds.resource_types import LEGACY_WILDCARD, ROUTE, VIRTUAL_HOST
from xds_server.protocols.xds.responses import encode_delta, encode_heartbeat
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.subscription import WILDCARD
from xds_server.protocols.xds.wire import DeltaRequest
from xds_server.snapshots.evidence import Device, Evidence
from xds_server.snapshots.model import Resource, content_version
from xds_server.snapshots.names import canonical, canonical_all, collection, globs_of

Content = dict[str, Resource | None]


class DeltaWatch(BeatingWatch):
    """One type on an incremental stream."""

    __slots__ = ("_must_answer", "_opened")

    def __init__(
        self, type_url: str, device: Device, patience: float, shared: Shared | None = None
    ) -> None:
        super().__init__(type_url, device, patience, shared)
        self._opened = False
        self._must_answer = False

    def receive(self, request: DeltaRequest, now: float) -> list[Evidence]:
        """Take one request: an answer if its nonce is current, subscription changes always."""
        evidence = self.settle(request.nonce, request.error, now)
        if self._opened:
            self._change(request)
        else:
            self._open(request, now)
        return evidence

    def _open(self, request: DeltaRequest, now: float) -> None:
        self._opened = True
        legacy = self.type_url in LEGACY_WILDCARD
        self.subscription = self._shared.stated(self.subscription, request.subscribe, legacy)
        self.known = self._kept(request.initial)
        self.beats_at = now if self.known else None  # of its last heartbeat nothing is known
        # Envoy waits for an answer to its first wildcard request even when nothing exists.
        self._must_answer = self.subscription.wildcard and not self.known

    def _kept(self, initial: Mapping[str, str]) -> Mapping[str, str | None]:
        """Return what of this the client asks for: worked out once for all that say the same."""
        if not initial:
            return NOTHING
        covers = self.subscription.covers

        def find() -> Mapping[str, str | None]:
            return self._same({n: v for n, v in _canonical(initial).items() if covers(n)})

        return self._shared.states.recall(("kept", self.subscription), find, weigh, (initial,))

    def _change(self, request: DeltaRequest) -> None:
        if not request.subscribe and not request.unsubscribe:
            return
        self.touch()
        was_wildcard = self.subscription.wildcard
        asked = self.subscription.changed(request.subscribe, request.unsubscribe)
        self.subscription = self._shared.ask(asked)
        added = canonical_all(request.subscribe)
        self._forget(self._members(added - {WILDCARD}))  # to subscribe again asks for an answer
        dropped = canonical_all(request.unsubscribe) - added - {WILDCARD}
        self._forget(self._members(dropped))
        if self.subscription.wildcard and dropped:
            # The client cannot know whether the wildcard has them.
            self.known = {**self.known, **dict.fromkeys(dropped, UNSURE)}
        if was_wildcard and not self.subscription.wildcard:
            self._forget(set(self.known) - self.subscription.names)
            self._forget(set(self.offer.content if self.offer else ()) - self.subscription.names)
        if not was_wildcard and self.subscription.wildcard:
            self._must_answer = True

    def _members(self, names: Set[str]) -> Set[str]:
        """Return the names, and for each collection among them what the client has of it."""
        globs = globs_of(names)
        if not globs:
            return names
        held = self.known.keys() | (self.offer.content.keys() if self.offer is not None else set())
        return names | {name for name in held if collection(name) in globs}

    def _forget(self, names: Set[str]) -> None:
        if self.offer is not None:
            self.offer.forget(names)
        if not self.known.keys().isdisjoint(names):
            self._know({n: v for n, v in self.known.items() if n not in names})

    def _know(self, known: dict[str, str | None]) -> None:
        """Take a state as what the client holds."""
        self.known = self._same(known)

    def _same(self, known: dict[str, str | None]) -> Mapping[str, str | None]:
        """Return a state: the same object for all clients that hold the same."""
        if not known:
            return NOTHING
        key = ("known", frozenset(known.items()))
        return self._shared.states.recall(key, lambda: known, weigh)

    def force(self, names: frozenset[str]) -> None:
        """Owe these names to the client again, though nothing in them has changed."""
        owed = {name for name in names if self.subscription.covers(name)}
        if owed:
            self._forget(owed)
            self.touch()

    def _basis(self) -> tuple[tuple[Hashable, ...], tuple[object, ...]]:
        return (self._must_answer,), (self.known,)

    def _draft(self, target: Target) -> Draft:
        if self.type_url == VIRTUAL_HOST:
            return self._compose(target)  # it depends on the routes too
        return super()._draft(target)

    def _compose(self, target: Target) -> Draft:
        difference, exact = self._difference(target)
        lacking = {(n, _version(r)): r for n, r in difference.items()}
        bad = tuple(item for item in lacking if item in self.quarantine)
        chosen = self.quarantine.choose(self._free(lacking, target))
        content = {item[0]: lacking[item] for item in chosen}
        whole = len(content) == len(difference)
        return Draft(
            content=content,
            changed=tuple({r.name: r for r in content.values() if r}.values()),
            digest=_digest(content),
            wire_version=target.snapshot.version(self.type_url),
            due=bool(content) or self._must_answer,
            whole=whole,
            exact=exact and whole,
            bad=bad,
            items={item: lacking[item] for item in chosen},
            missing=self._missing(lacking),
        )

    def _missing(self, lacking: Mapping[Item, Resource | None]) -> frozenset[str]:
        if not self.quarantine:
            return frozenset()
        return frozenset(n for (n, _), r in lacking.items() if r and not self.known.get(n))

    def _difference(self, target: Target) -> tuple[Content, bool]:
        """Return what differs from the client's state, and whether nothing was retained."""
        wanted = self._wanted(target)
        known, exact = self.known, True
        difference: Content = {}
        for name, resource in wanted.items():
            held = known.get(name, UNSURE)  # which no resource has as its version
            if held == (resource.version if resource else None):
                continue
            if resource is None and held and target.retain:
                exact = False
            else:
                difference[name] = resource
        return dict(sorted(difference.items())), exact

    def _wanted(self, target: Target) -> Content:
        available = target.snapshot.of(self.type_url)
        wanted: Content = {}
        if self.subscription.wildcard:
            listed = {name: r for name, r in available.items() if not r.on_demand}
            wanted = {**dict.fromkeys(self.known.keys() - listed.keys()), **listed}
        names = self.subscription.names
        if self.type_url == VIRTUAL_HOST:
            if self._must_answer and not wanted:
                # Envoy warms a listener for 15 s until it hears of its route's virtual hosts.
                wanted = {f"{route}/": None for route in target.snapshot.of(ROUTE)}
            return wanted | {name: self._host(name, target) for name in names}
        if self.subscription.globs:
            collects = self.subscription.collects
            wanted |= {name: None for name in self.known if collects(name)}
            found = {n: r for n, r in available.items() if collects(n) and not r.on_demand}
            wanted |= found
            names = names - set(map(collection, found))  # only an empty one is absent itself
        return wanted | {name: available.get(name) for name in names}

    def _host(self, name: str, target: Target) -> Resource | None:
        """Return a virtual host by name or alias, or a word that nothing is meant by the name."""
        found = target.snapshot.of(self.type_url).get(name) or _aliased(name, target)
        placeholder = unresolved(name)
        was_there = self.known.get(name, placeholder.version) != placeholder.version
        return found or (None if was_there else placeholder)

    def _sending(self) -> None:
        self._must_answer = False

    def _encode(self, draft: Draft) -> bytes:
        removed = [name for name, resource in draft.content.items() if resource is None]
        errors = self._errors(draft)
        return encode_delta(self.type_url, draft.wire_version, "", draft.changed, removed, errors)

    def _beat(self, kept: tuple[Resource, ...], goal: str) -> tuple[str, bytes]:
        return goal, encode_heartbeat(self.type_url, goal, kept)

    def _learn(self, offer: Offer) -> None:
        if not offer.draft.content:
            return
        if offer.content is not offer.draft.content:
            self._know(self._after(offer))
            return
        basis = (self.known, offer.draft)
        key = ("learn", self.subscription)
        self.known = self._shared.states.recall(key, lambda: self._after(offer), len, basis)

    def _after(self, offer: Offer) -> dict[str, str | None]:
        known = dict(self.known)
        for name, resource in offer.content.items():
            if resource is None and name not in self.subscription.names:
                known.pop(name, None)
            else:
                known[name] = _version(resource)
        # What was dropped and asked for again during flight may have been kept on arrival.
        for name in offer.draft.content.keys() - offer.content.keys() - known.keys():
            if self.subscription.covers(name):
                known[name] = UNSURE
        return known


def _version(resource: Resource | None) -> str | None:
    return resource.version if resource else None


def _canonical(initial: Mapping[str, str]) -> dict[str, str | None]:
    """Return versions by canonical name: none to rely on where a client says two of one name."""
    named: dict[str, str | None] = {}
    for given, version in initial.items():
        name = canonical(given)
        named[name] = version if named.get(name, version) == version else UNSURE
    return named


def _digest(content: Content) -> str:
    return content_version(*(f"{name}={_version(r)}".encode() for name, r in content.items()))


def _aliased(name: str, target: Target) -> Resource | None:
    hosts = target.snapshot.of(VIRTUAL_HOST).values()
    return next((host for host in hosts if name in host.aliases), None)


def unresolved(name: str) -> Resource:
    """Return what says that a virtual host does not exist: a name and alias without a body.

    Envoy holds the request that asked for it until it hears of this name. Source: "Virtual Host
    Discovery Service", section "Subscribing to resources".
    """
    return Resource(VIRTUAL_HOST, name, b"", aliases=(name,))

"""One type on one stream: what was offered, what the client holds, what it refused.

Both dialects share the bookkeeping here: one response in flight, the latest content wins, a
rejected content is parked and never sent again unchanged, and what of it is bad is searched for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping

from xds_server.protocols.xds.effects import Effect, Send
from xds_server.protocols.xds.memo import Shared
from xds_server.protocols.xds.offer import NOTHING, Draft, Encoded, Offer, Target, named
from xds_server.protocols.xds.quarantine import Items, Quarantine
from xds_server.protocols.xds.refusal import Refusal, refusal
from xds_server.protocols.xds.resource_types import KNOWN_TYPES
from xds_server.protocols.xds.subscription import Subscription
from xds_server.protocols.xds.wire import UNIMPLEMENTED, ResourceError
from xds_server.snapshots.evidence import Acked, Device, Evidence, Nacked, Offered, Warned
from xds_server.snapshots.model import Resource

_MOST_PARKED = 16  # refused contents that are remembered a type; the oldest is forgotten first


class Watch(ABC):
    """The state of one type on one stream; subclasses speak the two dialects."""

    def __init__(
        self, type_url: str, device: Device, patience: float, shared: Shared | None = None
    ) -> None:
        self.type_url = type_url
        self.device = device
        self.subscription = Subscription()
        self.offer: Offer | None = None
        self.known: Mapping[str, str | None] = NOTHING  # replaced, never changed in place
        self.settled = -1  # the newest epoch of which the client lacks nothing
        self.refused = -1  # the newest epoch of which it lacks only what it refuses
        self.missing: frozenset[str] = frozenset()  # see Draft
        self.quarantine = Quarantine()
        self._patience = patience
        self._shared = shared or Shared()
        self._parked: dict[str, Refusal] = {}
        self._reported = ""  # the version that evidence speaks of, and whether as refused
        self._written = 0
        self._sent = 0
        self._idle: Target | None = None
        self._aimed: Target | None = None

    @abstractmethod
    def _compose(self, target: Target) -> Draft:
        """Return what a response would say now."""

    @abstractmethod
    def _basis(self) -> tuple[tuple[Hashable, ...], tuple[object, ...]]:
        """Return what a draft depends on beside target and subscription: values, and objects."""

    @abstractmethod
    def _encode(self, draft: Draft) -> bytes:
        """Return the response's bytes, without a nonce."""

    @abstractmethod
    def _sending(self) -> None:
        """Note that an offer goes out: what was owed for other reasons than content is paid."""

    @abstractmethod
    def _learn(self, offer: Offer) -> None:
        """Take over an acknowledged offer as what the client holds."""

    @abstractmethod
    def force(self, names: frozenset[str]) -> None:
        """Owe these names to the client again, though nothing in them has changed."""

    def advance(self, target: Target, now: float) -> list[Effect]:
        """Send what the client lacks, unless a response is in flight or it was refused before."""
        if self.offer is not None or self._idle == target:
            return []
        self._aimed = target
        version = target.snapshot.version(self.type_url)
        self.quarantine.aim(version)
        proven: list[Effect] = []
        while True:
            draft = self._draft(target)
            self.missing = draft.missing
            if not draft.due:
                return proven + self._rest(draft, version, target, now)
            known_bad = self._parked.get(draft.digest)
            if known_bad is None:
                return proven + self._send(draft, version, target.epoch, now)
            if not draft.items:
                return proven + self._give_up(version, known_bad, target, now)
            found = self.quarantine.refused(draft.items, known_bad.reason)
            proven += self._report(found, version, now)

    def _draft(self, target: Target) -> Draft:
        """Return what a response would say now: once for all streams that are in this state."""
        if self.quarantine or target.missing:
            return self._compose(target)
        values, objects = self._basis()
        version = target.snapshot.version(self.type_url), target.snapshot.digest(self.type_url)
        key = ("draft", self.type_url, self.subscription, *version, target.retain, *values)
        return self._shared.states.recall(key, lambda: self._compose(target), _size, objects)

    def _encoded(self, draft: Draft) -> Encoded:
        def make() -> Encoded:
            return named(draft.content, self._encode(draft))

        if self._errors(draft):
            return make()  # it holds an error for names that this stream asked for
        key = (type(self), self.type_url, draft.wire_version, draft.digest)
        return self._shared.bodies.recall(key, make, _weight)

    def _rest(self, draft: Draft, version: str, target: Target, now: float) -> list[Effect]:
        """Nothing can be sent: the client has everything, or all but what it refuses."""
        self._idle = target
        if draft.bad:
            self.refused = max(self.refused, target.epoch)
            if self._reported == "refused:" + version:
                return []
            why = [self.quarantine.why(item) for item in draft.bad]
            return [*self._report(why, version, now)]
        if not draft.whole:
            return []
        self.settled = target.epoch
        return list(self._in_sync(version, now)) if draft.exact else []

    def _give_up(self, version: str, why: Refusal, target: Target, now: float) -> list[Effect]:
        """The client refuses to hear again what it has: there is nothing to divide."""
        self._idle = target
        self.refused = target.epoch
        if self._reported == "refused:" + version:
            return []
        return [*self._report([why], version, now)]

    def _send(self, draft: Draft, version: str, epoch: int, now: float) -> list[Effect]:
        nonce = self._next_nonce()
        self.offer = Offer(nonce, draft, version, epoch, now, draft.content)
        encoded = self._encoded(draft)
        self._sending()
        return [
            Send(encoded.body, self.type_url, nonce, encoded.present, encoded.absent),
            Offered(self.device, self.type_url, version, now),
        ]

    def _next_nonce(self) -> str:
        self._sent += 1
        return f"{self._sent:x}"

    def settle(self, nonce: str, error: str | None, now: float) -> list[Evidence]:
        """Take the client's answer to the offer in flight; other nonces are stale and ignored."""
        offer = self.offer
        if offer is None or nonce != offer.nonce:
            return []
        self.offer = None
        self._idle = None
        patience = self._patient_again(offer, now)
        if error is not None:
            return [*patience, *self._refuse(offer, error, now)]
        found = self.quarantine.accepted(offer.draft.items) if self.quarantine else []
        patience += self._report(found, offer.version, now)
        self._learn(offer)
        self._written += len(offer.draft.content)
        if offer.draft.whole and offer.intact:
            self.settled = max(self.settled, offer.epoch)
            if offer.draft.exact:
                return [*patience, *self._in_sync(offer.version, now)]
        return patience

    def _refuse(self, offer: Offer, error: str, now: float) -> list[Nacked]:
        while len(self._parked) >= _MOST_PARKED:
            del self._parked[next(iter(self._parked))]
        items = self._of_this_client(offer.draft.items)
        why = refusal(error, offer.draft.content)
        self._parked[offer.draft.digest] = why
        found = self.quarantine.refused(items, error) if items else [why]
        return self._report(found, offer.version, now)

    def _of_this_client(self, items: Items) -> Items:
        """Return the items with this client's own resources: equal bytes can have other origins."""
        own = self._aimed.snapshot.of(self.type_url) if self._aimed is not None else {}
        found = {item: own.get(item[0]) for item in items}
        return {i: o if o and o.version == i[1] else items[i] for i, o in found.items()}

    def _in_sync(self, version: str, now: float) -> list[Evidence]:
        if self._reported == version and not self._written:
            return []
        written, self._written, self._reported = self._written, 0, version
        return [Acked(self.device, self.type_url, version, now, written)]

    def _report(self, found: Iterable[Refusal], version: str, now: float) -> list[Nacked]:
        known = list(found)
        if known:
            self._reported = "refused:" + version
        return [
            Nacked(self.device, self.type_url, version, now, why.reason, why.resource, why.origin)
            for why in known
        ]

    def _held_back(self, resource: Resource | None, target: Target) -> bool:
        """Whether a resource must stay as the client has it: the new one names what is missing.

        What a client without any gets is sent all the same: there is nothing better to keep.
        """
        return resource is not None and bool(self.known) and target.lacks_for(resource)

    def touch(self) -> None:
        """Look again at the next opportunity: the client is owed something by its own doing."""
        self._idle = None
        self.settled = -1
        if self.offer is not None:
            self.offer.intact = False

    def overdue(self, now: float) -> bool:
        """Whether the client has left an offer unanswered for longer than our patience."""
        return self.offer is not None and now - self.offer.sent_at >= self._patience

    @property
    def offer_epoch(self) -> int:
        """The epoch of the offer in flight; -1 when there is none."""
        return self.offer.epoch if self.offer is not None else -1

    def complain(self, now: float) -> list[Evidence]:
        """Return a warning the first time that an offer is found overdue."""
        offer = self.offer
        if offer is None or offer.warned or not self.overdue(now):
            return []
        offer.warned = True
        short = self.type_url.rpartition(".")[2]
        text = (
            f"{self.device.name} has not answered {short} version {offer.version} for "
            f"{self._patience:g} s; what refers to it goes ahead: look at its log and its load"
        )
        return [Warned(self.device, now, text, f"xds/{short}")]

    def _patient_again(self, offer: Offer, now: float) -> list[Evidence]:
        short = self.type_url.rpartition(".")[2]
        return [Warned(self.device, now, "", f"xds/{short}")] if offer.warned else []

    def wakes_at(self) -> float | None:
        """Return when an unanswered offer becomes overdue, if that is still to come."""
        if self.offer is None or self.offer.warned:
            return None
        return self.offer.sent_at + self._patience

    def _errors(self, draft: Draft) -> dict[str, ResourceError]:
        """Return why names cannot be served: all of a type that we do not know."""
        if self.type_url in KNOWN_TYPES:
            return {}
        why = f"type {self.type_url} is not served here; ask for it elsewhere"
        return dict.fromkeys(draft.content, ResourceError(UNIMPLEMENTED, why))


def _size(draft: Draft) -> int:
    return len(draft.content)


def _weight(encoded: Encoded) -> int:
    return len(encoded.body)

"""One type on one stream: what was offered, what the client holds, what it refused.

Both dialects share the bookkeeping here: one response in flight, the latest content wins, a
rejected content is parked and never sent again unchanged, and what of it is bad is searched for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence

from xds_server.protocols.xds.effects import Effect
from xds_server.protocols.xds.issue import Issue
from xds_server.protocols.xds.offer import NOTHING, Draft, Encoded, Offer, Target, named, size
from xds_server.protocols.xds.overdue import forgiven, silent
from xds_server.protocols.xds.quarantine import Item, Quarantine, belonging
from xds_server.protocols.xds.refusal import Refusal, refusal
from xds_server.protocols.xds.resource_types import KNOWN_TYPES, VIRTUAL_HOST
from xds_server.protocols.xds.responses import ResourceError, not_served
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.subscription import NOTHING_ASKED
from xds_server.snapshots.evidence import Acked, Device, Evidence, Nacked, Offered
from xds_server.snapshots.model import Resource

_MOST_PARKED = 16  # refused contents that are remembered a type; the oldest is forgotten first
_NO_REFUSALS: Mapping[str, Refusal] = {}  # one object until a client refuses something
_NO_SUSPECTS = Quarantine()


class Watch(ABC):
    """The state of one type on one stream; subclasses speak the two dialects."""

    __slots__ = (
        "_aimed",
        "_attained",
        "_idle",
        "_parked",
        "_patience",
        "_reported",
        "_serial",
        "_shared",
        "_written",
        "beats_at",
        "device",
        "known",
        "missing",
        "offer",
        "quarantine",
        "refused",
        "settled",
        "since",
        "subscription",
        "surplus",
        "type_url",
    )

    def __init__(
        self, type_url: str, device: Device, patience: float, shared: Shared | None = None
    ) -> None:
        self.type_url = type_url
        self.device = device
        self.subscription = NOTHING_ASKED
        self.offer: Offer | None = None
        self.known: Mapping[str, str | None] = NOTHING  # replaced, never changed in place
        self.settled = -1  # the newest epoch of which the client lacks nothing
        self.refused = -1  # the newest epoch of which it lacks only what it refuses
        self.missing: frozenset[str] = frozenset()  # see Draft
        self.surplus = False  # whether the client holds, or will, what is gone
        self.since = 0  # the epoch in which the content of this type last changed
        self.beats_at: float | None = None  # when a heartbeat is due (delta)
        self.quarantine = _NO_SUSPECTS
        self._patience = patience
        self._shared = shared or Shared()
        self._parked = _NO_REFUSALS
        self._reported = ""  # the version that evidence speaks of, and whether as refused
        self._written = 0
        self._serial = 0  # of the latest nonce
        self._idle: Target | None = None
        self._attained = False  # whether the client lacked nothing of ``_idle``
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

    def rests_at(self, target: Target) -> bool:
        """Whether ``advance`` to this target was tried, and would change nothing."""
        return self._idle is target and self.beats_at is None

    def advance(self, target: Target, now: float) -> list[Effect]:
        """Send what the client lacks, unless a response is in flight or it was refused before."""
        if self.offer is not None or self._follow(target) or self._idle == target:
            return []
        self._aimed = target
        version = target.snapshot.version(self.type_url)
        if self.quarantine:
            self.quarantine.aim(version)
        proven: list[Effect] = []
        while True:
            draft = self._draft(target)
            self.missing, self.surplus = draft.missing, not draft.exact
            if not draft.due:
                return proven + self._rest(draft, version, target, now)
            known_bad = self._parked.get(draft.digest)
            if known_bad is None:
                return proven + self._send(draft, version, target.epoch, now)
            if not draft.items:
                return proven + self._give_up(version, known_bad, target, now)
            found = self._suspects().refused(draft.items, known_bad.reason)
            proven += self._report(found, version, now)

    def _follow(self, target: Target) -> bool:
        """Go along with a newer snapshot in which nothing of this type is different."""
        idle, url = self._idle, self.type_url
        if idle is None or not self._attained or self.quarantine or url == VIRTUAL_HOST:
            return False  # virtual hosts depend on the routes too
        if idle.missing != target.missing or (self.surplus and idle.retain != target.retain):
            return False
        if not target.snapshot.equals(idle.snapshot, url):
            return False
        self._idle = self._aimed = target
        self.settled = target.epoch
        return True

    def _suspects(self) -> Quarantine:
        """Return what the client refuses, to be added to."""
        if self.quarantine is _NO_SUSPECTS:
            self.quarantine = Quarantine()
            if self._aimed is not None:
                self.quarantine.aim(self._aimed.snapshot.version(self.type_url))
        return self.quarantine

    def _draft(self, target: Target) -> Draft:
        """Return what a response would say now: once for all streams that are in this state."""
        bad = self.quarantine.known()
        if bad is None or target.missing:
            return self._compose(target)
        values, objects = self._basis()
        version = target.snapshot.version(self.type_url), target.snapshot.digest(self.type_url)
        key = ("draft", self.type_url, *version, target.retain, bad, *values)
        basis = (self.subscription, *objects)
        return self._shared.states.recall(key, lambda: self._compose(target), size, basis)

    def _issue(self, draft: Draft) -> Issue:
        def make() -> Encoded:
            return named(draft.content, self._encode(draft))

        issues = self._shared.issues
        if self._errors(draft):
            # It holds an error for names that this stream asked for.
            return issues.single(self.type_url, make())
        key = (type(self), draft.wire_version, draft.digest)
        return issues.shared(key, self.type_url, make, self._serial)

    def _rest(self, draft: Draft, version: str, target: Target, now: float) -> list[Effect]:
        """Nothing can be sent: the client has everything, or all but what it refuses."""
        self._idle, self._attained = target, False
        if draft.bad:
            self.refused = max(self.refused, target.epoch)
            if self._reported == "refused:" + version:
                return []
            why = [self.quarantine.why(item) for item in draft.bad]
            return [*self._report(why, version, now)]
        if not draft.whole:
            return []
        self.settled, self._attained = target.epoch, True
        return list(self._in_sync(version, now)) if draft.exact else []

    def _give_up(self, version: str, why: Refusal, target: Target, now: float) -> list[Effect]:
        """The client refuses to hear again what it has: there is nothing to divide."""
        self._idle, self._attained = target, False
        self.refused = target.epoch
        if self._reported == "refused:" + version:
            return []
        return [*self._report([why], version, now)]

    def _send(self, draft: Draft, version: str, epoch: int, now: float) -> list[Effect]:
        issue = self._issue(draft)
        self._serial = issue.serial
        self.offer = Offer(issue.send.nonce, draft, version, epoch, now, draft.content)
        self._sending()
        return [issue.send, Offered(self.device, self.type_url, version, now)]

    def settle(self, nonce: str, error: str | None, now: float) -> list[Evidence]:
        """Take the client's answer to the offer in flight; other nonces are stale and ignored."""
        offer = self.offer
        if offer is None or nonce != offer.nonce:
            return []
        self.offer = None
        self._idle = None
        warned, url = offer.warned, self.type_url
        patience: list[Evidence] = [forgiven(self.device, url, now)] if warned else []
        if error is not None:
            return [*patience, *self._refuse(offer, error, now)]
        if self.quarantine:
            found = self.quarantine.accepted(offer.draft.items)
            patience += self._report(found, offer.version, now)
        self._learn(offer)
        self._written += len(offer.draft.content)
        if offer.draft.whole and offer.intact:
            self.settled = max(self.settled, offer.epoch)
            if offer.draft.exact:
                self._attain()
                return [*patience, *self._in_sync(offer.version, now)]
        return patience

    def _attain(self) -> None:
        """Rest: after the whole of an offer the client lacks nothing of what it was made of."""
        if not self.quarantine:
            self._idle, self._attained = self._aimed, True

    def _refuse(self, offer: Offer, error: str, now: float) -> list[Nacked]:
        aimed = self._aimed.snapshot.of(self.type_url) if self._aimed is not None else {}
        items = belonging(offer.draft.items, aimed)
        why = refusal(error, offer.draft.content)
        parked = {**self._parked, offer.draft.digest: why}
        self._parked = dict(list(parked.items())[-_MOST_PARKED:])
        found = self._suspects().refused(items, error) if items else [why]
        return self._report(found, offer.version, now)

    def _in_sync(self, version: str, now: float) -> list[Evidence]:
        if self._reported == version and not self._written:
            return []
        written, self._written, self._reported = self._written, 0, version
        return [Acked(self.device, self.type_url, version, now, written)]

    def _report(self, found: Sequence[Refusal], version: str, now: float) -> list[Nacked]:
        if found:
            self._reported = "refused:" + version
        return [
            Nacked(self.device, self.type_url, version, now, why.reason, why.resource, why.origin)
            for why in found
        ]

    def _held_back(self, resource: Resource | None, target: Target) -> bool:
        """Whether a resource must stay as the client has it: the new one names what is missing.

        What a client without any gets is sent all the same: there is nothing better to keep.
        """
        return resource is not None and bool(self.known) and target.lacks_for(resource)

    def _free(self, lacking: Mapping[Item, Resource | None], target: Target) -> Sequence[Item]:
        """Return what of it need not be held back."""
        if not target.missing:
            return list(lacking)
        return [item for item, one in lacking.items() if not self._held_back(one, target)]

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
        return [silent(self.device, self.type_url, offer.version, self._patience, now)]

    def _errors(self, draft: Draft) -> dict[str, ResourceError]:
        """Return why names cannot be served: all of a type that we do not know."""
        return {} if self.type_url in KNOWN_TYPES else not_served(self.type_url, draft.content)

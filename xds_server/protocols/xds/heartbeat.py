"""Resources with a time to live: a client drops them unless it hears of them again in time.

Source: "xDS REST and gRPC protocol", section "TTL".
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping

from xds_server.protocols.xds.effects import Effect
from xds_server.protocols.xds.offer import Draft, Encoded, Offer, Target
from xds_server.protocols.xds.resource_types import VIRTUAL_HOST
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.watch import Watch
from xds_server.snapshots.evidence import Device
from xds_server.snapshots.model import Resource, Snapshot

_MANY = 500  # resources of which to look at each costs more than to remember what was found
_BEATS_A_LIFE = 3  # heartbeats in the time after which a client drops a resource: two may be late


class BeatingWatch(Watch):
    """A watch that keeps alive what its client holds, as long as the snapshot has it."""

    __slots__ = ("_mortals", "_mortals_of")

    def __init__(
        self, type_url: str, device: Device, patience: float, shared: Shared | None = None
    ) -> None:
        super().__init__(type_url, device, patience, shared)
        self._mortals: tuple[Resource, ...] = ()
        self._mortals_of = ""  # the digest of the content that they are in

    @abstractmethod
    def _beat(self, kept: tuple[Resource, ...], goal: str) -> tuple[str, bytes]:
        """Return the version and bytes, without a nonce, that keep these resources alive.

        ``goal``: the version of the type in the snapshot.
        """

    def advance(self, target: Target, now: float) -> list[Effect]:
        """Send what the client lacks; when it lacks nothing, what it must hear of to keep it."""
        effects = super().advance(target, now)
        return effects if self.offer is not None else effects + self._keep_alive(target, now)

    def carry(self, before: Snapshot, target: Target) -> None:
        """Go along from a snapshot to one that has the same of this type, if nothing is owed.

        ``advance`` would do the same, and look at everything for it.
        """
        idle = self._idle
        if idle is None or idle.snapshot is not before or not self._attained:
            return
        if self.offer is not None or self.beats_at is not None or self.quarantine:
            return
        if not idle.missing and not self.surplus and self.type_url != VIRTUAL_HOST:
            self._idle = self._aimed = target
            self.settled = target.epoch

    def wakes_at(self) -> float | None:
        """Return when an offer becomes overdue or a heartbeat is due, if either is to come."""
        offer = self.offer
        if offer is None:
            return self.beats_at
        return None if offer.warned else offer.sent_at + self._patience

    def _attain(self) -> None:
        if self._aimed is None or not self._mortal(self._aimed.snapshot):
            super()._attain()  # else there is a heartbeat to be set

    def _keep_alive(self, target: Target, now: float) -> list[Effect]:
        mortal = self._mortal(target.snapshot)
        kept = tuple(r for r in mortal if self.known.get(r.name) == r.version)
        if not kept:
            self.beats_at = None
            return []
        life = _life(kept)
        following = now + life / _BEATS_A_LIFE
        if self.beats_at is not None and now < self.beats_at:
            self.beats_at = min(self.beats_at, following)  # newcomers may live for less long
            return []
        due, self.beats_at = self.beats_at, following
        if due is None:
            return []
        if now >= due + life * (1 - 1 / _BEATS_A_LIFE):  # it has dropped them by now
            self.beats_at = None
            self.force(frozenset(resource.name for resource in kept))
            return super().advance(target, now)
        return self._send_beat(kept, target, now)

    def _mortal(self, snapshot: Snapshot) -> tuple[Resource, ...]:
        """Return the resources with a time to live, looked for once a content."""
        digest = snapshot.digest(self.type_url)
        if self._mortals_of != digest:
            named = snapshot.of(self.type_url)
            if len(named) < _MANY:
                self._mortals = _with_ttl(named)
            else:  # once for all streams
                key, states = ("mortal", self.type_url, digest), self._shared.states
                self._mortals = states.recall(key, lambda: _with_ttl(named), lambda _: len(named))
            self._mortals_of = digest
        return self._mortals

    def _send_beat(self, kept: tuple[Resource, ...], target: Target, now: float) -> list[Effect]:
        goal = target.snapshot.version(self.type_url)
        version, body = self._beat(kept, goal)
        names = tuple(resource.name for resource in kept)
        issue = self._shared.issues.single(self.type_url, Encoded(body, names, ()))
        self._serial = issue.serial
        digest = f"heartbeat {issue.send.nonce}"
        draft = Draft({}, (), digest, version, due=True, whole=False, beat=True)
        self.offer = Offer(issue.send.nonce, draft, goal, target.epoch, now, draft.content)
        self._sending()
        return [issue.send]


def _with_ttl(named: Mapping[str, Resource]) -> tuple[Resource, ...]:
    return tuple([resource for resource in named.values() if resource.ttl])


def _life(kept: Iterable[Resource]) -> float:
    return min(resource.ttl for resource in kept)

"""One client's stream: its watches, and the order in which they may speak.

Make before break, gated on acknowledgements: clusters and endpoints first; listeners and routes
when the client has acknowledged those; removals when it has acknowledged the routes. Source:
"xDS REST and gRPC protocol", section "Eventual consistency considerations".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from xds_server.protocols.xds.delta import DeltaWatch
from xds_server.protocols.xds.effects import Close, Effect
from xds_server.protocols.xds.heartbeat import BeatingWatch
from xds_server.protocols.xds.offer import Draft, Target
from xds_server.protocols.xds.resource_types import (
    CLUSTER,
    ENDPOINT,
    KNOWN_TYPES,
    LISTENER,
    SECRET,
)
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.sotw import SotwWatch
from xds_server.protocols.xds.turns import (
    NONE,
    all_settled,
    carry,
    endpoints_of,
    in_order,
    may_route,
    missing,
)
from xds_server.protocols.xds.wire import DeltaRequest, Node, SotwRequest, scan_delta, scan_sotw
from xds_server.snapshots.evidence import Device, DeviceKind, Warned
from xds_server.snapshots.model import Snapshot

Request = SotwRequest | DeltaRequest
_NEVER: Mapping[str, int] = {}  # one object until something changes
_AT_ONCE = (LISTENER, SECRET)  # types whose removals wait for nothing


class Dialect(Enum):
    """The two ways to speak xDS; a stream speaks one of them."""

    SOTW = "sotw"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one stream may cost us, and how long it may keep us waiting (seconds).

    ``earlier``: snapshots that are remembered, to recognise what a client kept over a reconnect.

    ``grace``: removals wait this long after a stream opens, since a client that reconnects asks
    for one type after the other, and its routes may still need what its clusters no longer list.

    ``names``: subscriptions of all types, or resources that a client says it kept of one;
    ``node``: bytes of the Node message (Envoy's is 61 KB); ``streams``: of one node id at a time.
    """

    patience: float = 20.0  # longer than Envoy's initial fetch timeout of 15 s
    grace: float = 2.0
    types: int = 32
    names: int = 200_000
    node: int = 256 * 1024
    streams: int = 64
    earlier: int = 2


class XdsStream:
    """One client's stream. Feed it requests, snapshots and ticks; perform what it returns."""

    __slots__ = (
        "__weakref__",
        "_aim_exact",
        "_aim_retaining",
        "_backends",
        "_device",
        "_earlier",
        "_endpoints_owed",
        "_epoch",
        "_only",
        "_opened_at",
        "_routings",
        "_shared",
        "_since",
        "_watches",
        "dialect",
        "limits",
        "node",
        "snapshot",
    )

    def __init__(self, dialect: Dialect, only: str = "", limits: Limits = Limits()) -> None:
        self.dialect = dialect
        self.node: Node | None = None
        self._device: Device | None = None
        self.snapshot: Snapshot | None = None
        self._only = only
        self.limits = limits
        self._watches: dict[str, BeatingWatch] = {}
        self._backends: tuple[BeatingWatch, ...] = ()  # those of the watches that are of this tier
        self._routings: tuple[BeatingWatch, ...] = ()
        self._epoch = 0
        self._earlier: tuple[Snapshot, ...] = ()
        self._since = _NEVER  # type -> the epoch in which its content last changed; replaced
        self._endpoints_owed = NONE
        self._opened_at = 0.0
        self._shared: Shared | None = None
        self._aim_exact: Target | None = None  # of this epoch; made when one is needed
        self._aim_retaining: Target | None = None

    @property
    def device(self) -> Device:
        """The proxy at the other end; only after it has said who it is."""
        if self._device is None:
            raise RuntimeError("the stream has no node yet: identify it before use")
        return self._device

    @property
    def aggregated(self) -> bool:
        """Whether the client asks for all types here; it needs one such stream and no more."""
        return not self._only

    @property
    def watches(self) -> tuple[BeatingWatch, ...]:
        """The types that the client asked for, in sending order."""
        return tuple(self._watches.values())

    def asks_for(self, type_url: str) -> bool:
        """Whether the client asked for this type."""
        return type_url in self._watches

    def decode(self, data: bytes, shared: Shared | None = None) -> Request:
        """Return the request in these bytes; raise MalformedError if there is none.

        ``shared``: for the first request, of which the node is the client's own.
        """
        known = self._shared
        if self.dialect is Dialect.SOTW:
            return scan_sotw(data) if known is None else known.sotw.read(data)
        if known is not None:
            return known.delta.read(data)
        return scan_delta(data) if shared is None else scan_delta(data, shared.initial.read)

    def identify(self, node: Node, now: float, shared: Shared | None = None) -> None:
        """Take the node of the first request; nothing can be said to a stream before.

        ``shared``: what this stream's work has in common with that of others.
        """
        self.node = node
        self._device = Device(DeviceKind.PROXY, node.id)
        self._shared = shared or Shared()
        self._opened_at = now

    def receive(self, request: Request, now: float) -> list[Effect]:
        """Take one request of the client."""
        type_url = request.type_url or self._only
        if not type_url or (self._only and type_url != self._only):
            want = self._only or "a type_url"
            return [Close("INVALID_ARGUMENT", f"the request asks for {type_url!r}, not {want}")]
        effects: list[Effect] = []
        watch = self._watches.get(type_url)
        if watch is None:
            if len(self._watches) >= self.limits.types:
                return [Close("RESOURCE_EXHAUSTED", f"over {self.limits.types} types a stream")]
            watch, effects = self._open(type_url, now)
        asked = watch.subscription
        effects += _hear(watch, request, now)
        if watch.subscription is not asked and self._names(request) > self.limits.names:
            return [Close("RESOURCE_EXHAUSTED", f"over {self.limits.names} names a stream")]
        if self._endpoints_owed and type_url == ENDPOINT:
            watch.force(self._endpoints_owed)
            self._endpoints_owed = NONE
        return effects + self._advance(now)

    def _names(self, request: Request) -> int:
        kept = len(request.initial) if isinstance(request, DeltaRequest) else 0
        return max(kept, sum([len(one.subscription.names) for one in self._watches.values()]))

    def _open(self, type_url: str, now: float) -> tuple[BeatingWatch, list[Effect]]:
        kind = SotwWatch if self.dialect is Dialect.SOTW else DeltaWatch
        watch: BeatingWatch = kind(type_url, self.device, self.limits.patience, self._shared)
        watch.since = self._since.get(type_url, 0)
        self._watches[type_url] = watch
        self._watches, self._backends, self._routings = in_order(self._watches.values())
        if type_url in KNOWN_TYPES:
            return watch, []
        text = f"{self.device.name} asks for {type_url}, which is not served; it gets nothing"
        return watch, [Warned(self.device, now, text, f"xds/{type_url.rpartition('.')[2]}")]

    def publish(self, snapshot: Snapshot, now: float) -> list[Effect]:
        """Take a newer snapshot; equal content changes nothing."""
        before = self.snapshot
        if before is not None and before.versions == snapshot.versions:
            return []
        self._epoch += 1
        self._aim_exact = self._aim_retaining = None
        if before is not None:  # to the first one nothing has settled yet
            changed = snapshot.changed(before)
            self._since = {**self._since, **dict.fromkeys(changed, self._epoch)}
            for type_url in changed:
                if type_url in self._watches:
                    self._watches[type_url].since = self._epoch
            self._earlier = (before, *self._earlier)[: self.limits.earlier]
            if self._may_break(now) and not snapshot.only:
                carry(self._watches, changed, before, self._aim(snapshot, False, NONE))
        self.snapshot = snapshot
        return self._advance(now)

    def tick(self, now: float) -> list[Effect]:
        """Let time pass: complain about overdue answers, and go on without them."""
        overdue = [one for watch in self._watches.values() for one in watch.complain(now)]
        return [*overdue, *self._advance(now)]

    def wakes_at(self, now: float) -> float | None:
        """Return when ``tick`` is wanted next, if ever."""
        first: float | None = None
        ends = self._opened_at + self.limits.grace
        for watch in self._watches.values():
            time = watch.wakes_at()
            if watch.surplus and now < ends and (time is None or ends < time):
                time = ends
            if time is not None and (first is None or time < first):
                first = time
        return first

    def _advance(self, now: float) -> list[Effect]:
        if self.snapshot is None:
            return []
        broke = self._may_break(now)
        effects = self._round(self.snapshot, now, broke)
        if not broke and self._may_break(now):
            effects += self._round(self.snapshot, now, True)
        return effects

    def _round(self, snapshot: Snapshot, now: float, breaks: bool) -> list[Effect]:
        effects: list[Effect] = []
        for type_url, watch in self._watches.items():
            in_flight = watch.offer
            if in_flight is not None or (snapshot.only and type_url not in snapshot.only):
                continue
            routing = watch in self._routings
            # A listener's successor may want the same address: both must go in one response. A
            # revoked secret must not be sent again.
            retain = type_url not in _AT_ONCE and not breaks
            target = self._aim(snapshot, retain, missing(self._backends) if routing else NONE)
            if watch.rests_at(target) or (routing and not may_route(watch, self._backends, now)):
                continue
            effects += watch.advance(target, now)
            if routing:
                breaks = self._may_break(now)
            elif type_url == CLUSTER and watch.offer is not None:
                self._owe_endpoints(watch.offer.draft)
        return effects

    def _aim(self, snapshot: Snapshot, retain: bool, missing: frozenset[str]) -> Target:
        if missing:
            return Target(self._epoch, snapshot, retain, self._earlier, missing)
        target = self._aim_retaining if retain else self._aim_exact
        if target is None:
            target = Target(self._epoch, snapshot, retain, self._earlier)
            if retain:
                self._aim_retaining = target
            else:
                self._aim_exact = target
        return target

    def _may_break(self, now: float) -> bool:
        """Whether nothing that the client uses can refer to what is gone."""
        if self._only:
            return True
        return now >= self._opened_at + self.limits.grace and all_settled(self._routings)

    def _owe_endpoints(self, clusters: Draft) -> None:
        """Send endpoints again after their cluster changed, although they did not.

        Envoy warms the updated cluster until they come (15 s) and withholds its answer; it does
        not ask again in delta, and in state-of-the-world its request looks like an ACK.
        """
        if self._shared is None:
            return
        owed = self._shared.states.recall("owed", lambda: endpoints_of(clusters), len, (clusters,))
        endpoints = self._watches.get(ENDPOINT)
        if endpoints is None:
            self._endpoints_owed |= owed
        else:
            endpoints.force(owed)


def _hear(watch: BeatingWatch, request: Request, now: float) -> list[Effect]:
    if isinstance(watch, SotwWatch) and isinstance(request, SotwRequest):
        return list(watch.receive(request, now))
    if isinstance(watch, DeltaWatch) and isinstance(request, DeltaRequest):
        return list(watch.receive(request, now))
    raise TypeError(f"a {type(request).__name__} on a stream of the other dialect")

"""What the streams of a fleet have in common, so that it is worked out once for all of them."""

from __future__ import annotations

from functools import partial

from xds_server.protocols.xds.initial import Initials
from xds_server.protocols.xds.issue import Issues
from xds_server.protocols.xds.memo import Memo
from xds_server.protocols.xds.requests import Requests
from xds_server.protocols.xds.subscription import Subscription
from xds_server.protocols.xds.wire import scan_delta, scan_names, scan_sotw

_MOST_NAMES = 1_000_000  # resources in remembered differences and states: some 100 MB at worst
_MOST_BYTES = 128 * 1024 * 1024  # of remembered responses
_NAME = 70  # bytes that a name takes when it is read, beside its letters


class Shared:
    """States, responses and requests of a fleet; a stream on its own has one of its own."""

    __slots__ = ("delta", "initial", "issues", "sotw", "states")

    def __init__(self, names: int = _MOST_NAMES, size: int = _MOST_BYTES) -> None:
        self.states = Memo(names)
        self.issues = Issues(size)
        listed = Requests(scan_names, weigh=_weight)
        self.sotw = Requests(partial(scan_sotw, read_names=listed.read))
        self.initial = Initials(self.states)
        self.delta = Requests(partial(scan_delta, read_initial=self.initial.read))

    def stated(self, before: Subscription, names: tuple[str, ...], legacy: bool) -> Subscription:
        """Return what a client asks for that lists these names: one object for all that do."""

        def make() -> Subscription:
            return self.ask(before.stated(names, legacy=legacy))

        return self.states.recall(("stated", before, names, legacy), make, _names)

    def ask(self, subscription: Subscription) -> Subscription:
        """Return the object that all have who ask for the same."""
        return self.states.recall(subscription, lambda: subscription, _names)


def _names(subscription: Subscription) -> int:
    return len(subscription.names)


def _weight(data: bytes, read: tuple[tuple[str, ...], int]) -> int:
    return len(data) + _NAME * len(read[0])

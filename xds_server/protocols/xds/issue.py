"""Responses as bytes: each content is encoded once, numbered, and sent alike to all that lack it.

A nonce is a serial number of the fleet, the same for every stream that is sent the same: so are
the bytes, and so are the clients' answers, which then need reading only once. On each stream
nonces only grow, so that none is ever used twice there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from xds_server.protocols.xds.memo import Memo
from xds_server.protocols.xds.offer import Encoded
from xds_server.protocols.xds.protobuf import put_text

_NONCE = 5  # in DiscoveryResponse and DeltaDiscoveryResponse alike


@dataclass(frozen=True, slots=True)
class Issue:
    """A response's bytes, and the names in it; ``serial`` is its nonce as a number."""

    serial: int
    nonce: str
    data: bytes = field(repr=False)
    present: tuple[str, ...]
    absent: tuple[str, ...]


@dataclass(slots=True)
class _Print:
    """What was encoded, in its latest issue; ``size``: the bytes before the nonce."""

    size: int
    latest: Issue


class Issues:
    """The responses of a fleet, the least recently used forgotten first."""

    def __init__(self, most: int) -> None:
        self._prints = Memo(most)
        self._last = 0

    def shared(self, key: Hashable, make: Callable[[], Encoded], after: int) -> Issue:
        """Return the response of this key, with a later number than ``after``."""
        found = self._prints.recall(key, lambda: self._print(make()), _weight)
        if found.latest.serial <= after:
            old = found.latest
            body = old.data[: found.size]
            found.latest = self.single(Encoded(body, old.present, old.absent))
        return found.latest

    def single(self, encoded: Encoded) -> Issue:
        """Return a response that is of no use to others."""
        self._last += 1
        nonce = f"{self._last:x}"
        data = encoded.body + put_text(_NONCE, nonce)
        return Issue(self._last, nonce, data, encoded.present, encoded.absent)

    def _print(self, encoded: Encoded) -> _Print:
        return _Print(len(encoded.body), self.single(encoded))


def _weight(found: _Print) -> int:
    return found.size

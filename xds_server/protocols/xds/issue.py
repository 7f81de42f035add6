"""Responses as bytes: each content is encoded once, numbered, and sent alike to all that lack it.

A nonce is a serial number of the fleet, the same for every stream that is sent the same: so are
the bytes, and so are the clients' answers, which then need reading only once. On each stream
nonces only grow, so that none is ever used twice there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from xds_server.protocols.xds.effects import Send
from xds_server.protocols.xds.memo import Memo
from xds_server.protocols.xds.offer import Encoded
from xds_server.protocols.xds.protobuf import put_text

_NONCE = 5  # in DiscoveryResponse and DeltaDiscoveryResponse alike


@dataclass(frozen=True, slots=True)
class Issue:
    """A response as it is sent, to all alike; ``serial`` is its nonce as a number."""

    serial: int
    send: Send


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

    def shared(
        self, key: Hashable, type_url: str, make: Callable[[], Encoded], after: int
    ) -> Issue:
        """Return the response of this key and type, with a later number than ``after``."""
        found = self._prints.recall((type_url, key), lambda: self._print(type_url, make()), _weight)
        if found.latest.serial <= after:
            old = found.latest.send
            body = Encoded(old.data[: found.size], old.names, old.removed)
            found.latest = self.single(old.type_url, body)
        return found.latest

    def single(self, type_url: str, encoded: Encoded) -> Issue:
        """Return a response that is of no use to others."""
        self._last += 1
        nonce = f"{self._last:x}"
        data = encoded.body + put_text(_NONCE, nonce)
        return Issue(self._last, Send(data, type_url, nonce, encoded.present, encoded.absent))

    def _print(self, type_url: str, encoded: Encoded) -> _Print:
        return _Print(len(encoded.body), self.single(type_url, encoded))


def _weight(found: _Print) -> int:
    return found.size

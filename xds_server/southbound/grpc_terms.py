"""The terms of a stream: how fast a client may ask, how long it may live and keep us waiting."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import SystemRandom

from xds_server.protocols.xds.bucket import Bucket, Rate
from xds_server.southbound.grpc_alarms import Alarms

_DICE = SystemRandom()


@dataclass(frozen=True, slots=True)
class Terms:
    """Times in seconds. ``requests``: of one stream, which is read no faster; ``first``: first
    requests of all streams, so that a fleet that comes back does not come at once; ``age``: after
    it a stream ends, give or take the fraction ``jitter``, so that clients spread over servers
    again; ``stall``: a response that a client does not take for so long ends its stream.
    """

    requests: Rate = field(default_factory=lambda: Rate(200.0, 1000.0))
    first: Rate = field(default_factory=lambda: Rate(2000.0, 4000.0))
    hello: float = 30.0
    age: float = 1800.0
    jitter: float = 0.2
    stall: float = 120.0

    def lifetime(self) -> float:
        """Return how long a new stream may live."""
        return self.age * (1 + _DICE.uniform(-self.jitter, self.jitter))


class Gate:
    """What all streams of a server share: its terms, alarms, and the turns of first requests."""

    def __init__(self, terms: Terms, now: float) -> None:
        self.terms = terms
        self.alarms = Alarms()
        self.first = Bucket(terms.first, now)

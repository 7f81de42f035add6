"""A token bucket: how long the next one must wait. Time is an argument, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, and so many at once after a pause."""

    per_second: float
    burst: float


class Bucket:
    """Tokens that come at a rate. Whoever takes one that is not there yet waits its turn."""

    __slots__ = ("_at", "_rate", "_tokens")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._tokens = rate.burst
        self._at = now

    def take(self, now: float) -> float:
        """Take a token and return the seconds to wait for it; a clock set back earns nothing."""
        earned = max(now - self._at, 0.0) * self._rate.per_second
        self._tokens = min(self._rate.burst, self._tokens + earned) - 1
        self._at = now
        return max(-self._tokens, 0.0) / self._rate.per_second

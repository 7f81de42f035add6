"""How many packets of a bridge the controller answers, so that no sender can occupy it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Allowance:
    """At most so many a second; ``left`` are those of the second that began at ``since``."""

    most: int
    since: float = 0.0
    left: int = 0

    def take(self, at: float) -> bool:
        """Whether one more is answered; ``at`` is in seconds."""
        if at - self.since >= 1.0:
            self.since, self.left = at, self.most
        self.left -= 1
        return self.left >= 0

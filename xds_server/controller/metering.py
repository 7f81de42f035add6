"""What the controller has to say about its own pace, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds that a compilation took: documents to plan, and plan to the devices' bytes."""

    plan: float = 0.0
    encode: float = 0.0


class Meter(Protocol):
    """Whoever keeps the figures; called on the event loop's thread."""

    def compiled(self, took: Took) -> None:
        """A candidate was compiled, also one that was not stored."""

    def acknowledged(self, seconds: float) -> None:
        """Every connected device runs a revision, so long after its commit."""


class Unmetered:
    """Keeps no figures, for whoever runs a controller without a server around it."""

    def compiled(self, took: Took) -> None:
        """Take no note."""

    def acknowledged(self, seconds: float) -> None:
        """Take no note."""

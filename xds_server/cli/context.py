"""What every command shares: the connection's settings and the console, set once by main."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console

from xds_server.client_settings import ClientSettings


@dataclass(slots=True)
class Shared:
    """The one mutable object of the command line; main fills it before a command runs."""

    settings: ClientSettings = field(default_factory=ClientSettings)
    out: Console = field(default_factory=lambda: Console(highlight=False))
    err: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))

    def without_color(self) -> None:
        """Write plain text from now on."""
        self.out = Console(highlight=False, no_color=True)
        self.err = Console(stderr=True, highlight=False, no_color=True)


shared = Shared()

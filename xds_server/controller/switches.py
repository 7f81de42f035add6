"""Fabric switches, which ask us instead of being connected to: their polls become evidence."""

from __future__ import annotations

from collections.abc import Callable

from xds_server.controller.errors import NotFoundError
from xds_server.controller.state import CONFIG, State
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Evidence,
    Nacked,
    Offered,
)
from xds_server.snapshots.model import SwitchConfig

SILENCE_SECONDS = 70.0  # a long poll lasts 25 s by habit and 60 s at most; then it asks again


def find_switch(state: State, name: str) -> SwitchConfig:
    """Return a switch's configuration; raise NotFoundError if none of this name is declared."""
    found = state.targets.switches.get(name)
    if found is None and (why := state.targets.faults.get(_device(name))):
        raise NotFoundError(f"switch {name} has no configuration: {why}")
    if found is None:
        known = ", ".join(sorted(state.targets.switches)[:10]) or "none yet"
        raise NotFoundError(
            f"no switch {name} is declared (known: {known}), apply its Switch document"
        )
    return found


class Switches:
    """Remembers when each switch last spoke, and says so as evidence."""

    def __init__(self, feed: Callable[[Evidence], None], clock: Callable[[], float]) -> None:
        self._feed = feed
        self._clock = clock
        self._heard: dict[str, float] = {}

    def polled(self, name: str, detail: str = "") -> None:
        """The switch asks for its configuration."""
        at = self._clock()
        known = name in self._heard
        self._heard[name] = at
        if not known or detail:
            self._feed(Connected(_device(name), at, detail))

    def offered(self, name: str, version: str) -> None:
        """The switch is being given a version."""
        self._feed(Offered(_device(name), CONFIG, version, self._clock()))

    def applied(self, name: str, version: str, written: int, detail: str) -> None:
        """The switch runs a version, for which so many lines had to be written."""
        self.polled(name, detail)
        self._feed(Acked(_device(name), CONFIG, version, self._clock(), written))

    def failed(self, name: str, version: str, reason: str, line: str, detail: str) -> None:
        """The switch refused a version and runs what it ran before."""
        self.polled(name, detail)
        self._feed(Nacked(_device(name), CONFIG, version, self._clock(), reason, line))

    def expire(self) -> None:
        """Count the switches that fell silent as disconnected."""
        at = self._clock()
        for name in [n for n, heard in self._heard.items() if at - heard > SILENCE_SECONDS]:
            del self._heard[name]
            reason = f"its agent has not asked for {SILENCE_SECONDS:.0f} s"
            self._feed(Disconnected(_device(name), at, reason))


def _device(name: str) -> Device:
    return Device(DeviceKind.SWITCH, name)

"""Warnings that hold: each is told once, and its end once."""

from __future__ import annotations

from collections.abc import Callable, Container

from xds_server.snapshots.evidence import Device, DeviceKind, Evidence, Warned

EVERY = Device(DeviceKind.BRIDGE, "*")  # stands for peers that have not said who they are


class Warnings:
    """What was last told of a device by topic."""

    def __init__(self, on_evidence: Callable[[Evidence], None], clock: Callable[[], float]) -> None:
        self._on_evidence = on_evidence
        self._clock = clock
        self._told: dict[tuple[Device, str], str] = {}

    def tell(self, device: Device, topic: str, text: str) -> None:
        """Report a warning if it is new; an empty text says that it is over."""
        if self._told.get((device, topic), "") == text:
            return
        if text:
            self._told[device, topic] = text
        else:
            del self._told[device, topic]
        self._on_evidence(Warned(device, self._clock(), text, topic))

    def keep(self, names: Container[str]) -> None:
        """Forget, without a word, what was told of devices with other names."""
        kept = {k: text for k, text in self._told.items() if k[0].name in names or k[0] == EVERY}
        self._told = kept


def bridge(name: str) -> Device:
    """Return the bridge of a host, or one that is known by its datapath id only."""
    return Device(DeviceKind.BRIDGE, name)

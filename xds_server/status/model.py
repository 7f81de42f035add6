"""What is known of every device: what it should run, what it said, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from xds_server.snapshots.evidence import Device


class State(StrEnum):
    """The state of one type of configuration on one device."""

    SYNCED = "SYNCED"  # it runs what it should
    STALE = "STALE"  # it was offered, or is about to be, and has not acknowledged
    NACKED = "NACKED"  # it refused what it should run, and keeps the last good version
    DISCONNECTED = "DISCONNECTED"  # it was here and is not now
    UNKNOWN = "UNKNOWN"  # nobody declared it
    NEVER = "NEVER"  # it is declared and was never seen


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a device refused a version, and which clause is behind it."""

    version: str
    reason: str
    resource: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class TypeStatus:
    """One type of configuration on one device; versions are content hashes, "" for none yet."""

    wanted: str = ""
    offered: str = ""
    acked: str = ""
    refusal: Refusal | None = None
    at: float = 0.0  # of the last evidence, seconds since the epoch
    written: int | None = None  # how much the last acknowledgement had to send


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """One device with all its types."""

    declared: bool = False
    guest: bool = False  # declared only by being served while it is connected
    connected: bool = False
    seen: bool = False
    at: float = 0.0
    detail: str = ""
    identity: str = ""  # by its certificate, where it has shown one
    warnings: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, TypeStatus] = field(default_factory=dict)

    def state(self, type_name: str) -> State:
        """Return the state of one type."""
        if not self.declared:
            return State.UNKNOWN
        if not self.connected:
            return State.DISCONNECTED if self.seen else State.NEVER
        return _running(self.types.get(type_name, TypeStatus()))

    @property
    def overall(self) -> State:
        """The worst state of the types that the device should run."""
        states = {self.state(name) for name, kept in self.types.items() if kept.wanted}
        if not states:
            return self.state("")
        return max(states, key=_BADNESS.index)

    @property
    def synced(self) -> bool:
        """Whether nothing is outstanding on this device."""
        return self.overall is State.SYNCED


_BADNESS = [
    State.SYNCED,
    State.STALE,
    State.NACKED,
    State.NEVER,
    State.DISCONNECTED,
    State.UNKNOWN,
]


def _running(kept: TypeStatus) -> State:
    if kept.wanted in ("", kept.acked):
        return State.SYNCED
    if kept.refusal is not None and kept.refusal.version == kept.wanted:
        return State.NACKED
    return State.STALE


@dataclass(frozen=True, slots=True)
class Status:
    """Every device that is declared or was seen."""

    devices: Mapping[Device, DeviceStatus] = field(default_factory=dict)

    def of(self, device: Device) -> DeviceStatus:
        """Return what is known of a device; an unheard-of one has the blank status."""
        return self.devices.get(device, DeviceStatus())

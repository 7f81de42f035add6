"""What is known of every device: what it should run, what it said, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from immutables import Map

from xds_server.snapshots.evidence import Device, DeviceKind


class State(StrEnum):
    """The state of one type of configuration on one device."""

    SYNCED = "SYNCED"  # it runs what it should
    STALE = "STALE"  # it was offered, or is about to be, and has not acknowledged
    NACKED = "NACKED"  # it refused what it should run, and keeps the last good version
    DISCONNECTED = "DISCONNECTED"  # it was here and is not now
    UNKNOWN = "UNKNOWN"  # nobody declared it
    NEVER = "NEVER"  # it is declared and was never seen


# Looking a member up in its class takes Python 3.11 longer than all else that is asked of a device.
_SYNCED, _STALE, _NACKED = State.SYNCED, State.STALE, State.NACKED


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
        if not self.declared or not self.connected:
            return self.state("")  # which is that of every type
        worst = _SYNCED
        for kept in self.types.values():
            wanted = kept.wanted
            if not wanted or wanted == kept.acked:
                continue
            if kept.refusal is not None and kept.refusal.version == wanted:
                return _NACKED
            worst = _STALE
        return worst

    @property
    def synced(self) -> bool:
        """Whether nothing is outstanding on this device."""
        return self.overall is _SYNCED


def _running(kept: TypeStatus) -> State:
    if kept.wanted in ("", kept.acked):
        return _SYNCED
    if kept.refusal is not None and kept.refusal.version == kept.wanted:
        return _NACKED
    return _STALE


@dataclass(frozen=True, slots=True)
class Status:
    """Every device that is declared or was seen.

    ``behind`` are those that are declared and connected and do not run what they should;
    ``stale_bridges`` the bridges among them that have not said why. Both follow from the devices.
    """

    devices: Map[Device, DeviceStatus] = field(default_factory=Map)
    behind: Map[Device, State] = field(default_factory=Map, compare=False, repr=False)
    stale_bridges: Map[str, None] = field(default_factory=Map, compare=False, repr=False)

    def of(self, device: Device) -> DeviceStatus:
        """Return what is known of a device; an unheard-of one has the blank status."""
        return self.devices.get(device, _BLANK)

    def alone(self, device: Device) -> bool:
        """Whether no other device of a kind has ever been here."""
        return not any(
            known.seen and other.kind is device.kind and other.name != device.name
            for other, known in self.devices.items()
        )

    def having(self, device: Device, known: DeviceStatus) -> Status:
        """Return the status with what is known of a device from now on."""
        return self.having_all({device: known})

    def having_all(self, known: Mapping[Device, DeviceStatus]) -> Status:
        """Return the status with what is known of several devices from now on."""
        devices, behind = self.devices.mutate(), self.behind.mutate()
        bridges = self.stale_bridges.mutate()
        for device, one in known.items():
            devices[device] = one
            overall = one.overall if one.declared and one.connected else _SYNCED
            if overall is not _SYNCED:
                behind[device] = overall
            else:
                behind.pop(device, None)
            if device.kind is _BRIDGE:
                if overall is _STALE:
                    bridges[device.name] = None
                else:
                    bridges.pop(device.name, None)
        return Status(devices.finish(), behind.finish(), bridges.finish())

    def without(self, device: Device) -> Status:
        """Return the status in which nothing is known of a device."""
        if device not in self.devices:
            return self
        cleared = self.having(device, _BLANK)
        return replace(cleared, devices=cleared.devices.delete(device))


_BLANK = DeviceStatus()
_BRIDGE = DeviceKind.BRIDGE


def status_of(devices: Mapping[Device, DeviceStatus]) -> Status:
    """Return the status of these devices."""
    status = Status()
    for device, known in devices.items():
        status = status.having(device, known)
    return status

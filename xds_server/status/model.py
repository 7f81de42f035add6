"""What is known of every device: what it should run, what it said, and since when."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from immutables import Map, MapMutation

from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.replacing import replace

K = TypeVar("K", bound=Hashable)


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
    ``stale_bridges`` the bridges among them that have not said why. ``lively`` are devices that
    are connected, and those that nobody declared; ``seen_bridges`` the bridges that have ever been
    here. All of them follow from the devices.
    """

    devices: Map[Device, DeviceStatus] = field(default_factory=Map)
    behind: Map[Device, State] = field(default_factory=Map, compare=False, repr=False)
    stale_bridges: Map[str, None] = field(default_factory=Map, compare=False, repr=False)
    lively: Map[Device, None] = field(default_factory=Map, compare=False, repr=False)
    seen_bridges: Map[str, None] = field(default_factory=Map, compare=False, repr=False)

    def of(self, device: Device) -> DeviceStatus:
        """Return what is known of a device; an unheard-of one has the blank status."""
        return self.devices.get(device, _BLANK)

    def alone(self, bridge: str) -> bool:
        """Whether no other bridge than this host's has ever been here."""
        return len(self.seen_bridges) == (bridge in self.seen_bridges)

    def having(self, device: Device, known: DeviceStatus) -> Status:
        """Return the status with what is known of a device from now on."""
        return self.having_all({device: known})

    def having_all(self, known: Mapping[Device, DeviceStatus]) -> Status:
        """Return the status with what is known of several devices from now on."""
        devices, behind = self.devices.mutate(), self.behind.mutate()
        lively = self.lively.mutate()
        for device, one in known.items():
            devices[device] = one
            overall = one.overall if one.declared and one.connected else _SYNCED
            if overall is not _SYNCED:
                behind[device] = overall
            else:
                behind.pop(device, None)
            _keep(lively, device, one.connected or not one.declared)
        found = (devices.finish(), behind.finish(), self.stale_bridges, lively.finish())
        bridges = [device.name for device in known if device.kind is _BRIDGE]
        made = Status(*found, self.seen_bridges)
        return made._with_bridges(bridges) if bridges else made

    def _with_bridges(self, names: list[str]) -> Status:
        """Return the status with what follows from what is known of these bridges."""
        stale, seen = self.stale_bridges.mutate(), self.seen_bridges.mutate()
        for name in names:
            device = Device(_BRIDGE, name)
            _keep(stale, name, self.behind.get(device) is _STALE)
            _keep(seen, name, self.devices[device].seen)
        return replace(self, stale_bridges=stale.finish(), seen_bridges=seen.finish())

    def without(self, device: Device) -> Status:
        """Return the status in which nothing is known of a device."""
        if device not in self.devices:
            return self
        cleared = self.having(device, _BLANK)
        devices, lively = cleared.devices.delete(device), cleared.lively.delete(device)
        return replace(cleared, devices=devices, lively=lively)


def _keep(names: MapMutation[K, None], name: K, wanted: bool) -> None:
    """Have a name among others, or not."""
    if wanted != (name in names):
        if wanted:
            names[name] = None
        else:
            del names[name]


_BLANK = DeviceStatus()
_BRIDGE = DeviceKind.BRIDGE


def status_of(devices: Mapping[Device, DeviceStatus]) -> Status:
    """Return the status of these devices."""
    status = Status()
    for device, known in devices.items():
        status = status.having(device, known)
    return status

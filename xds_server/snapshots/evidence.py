"""What devices tell us: the effects that the status fold and the controller consume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class DeviceKind(StrEnum):
    """The three kinds of device that we drive."""

    PROXY = "proxy"
    BRIDGE = "bridge"
    SWITCH = "switch"

    __hash__ = str.__hash__  # that of an enumeration is written in Python


class Device(NamedTuple):
    """A device: a proxy by node id, a bridge by host name, a switch by name.

    A tuple, because what is known of thousands is looked up with every word that one of them says.
    """

    kind: DeviceKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def device_named(text: str) -> Device:
    """Return the device that prints so; raises ValueError for a kind that there is not."""
    kind, _, name = text.partition("/")
    return Device(DeviceKind(kind), name)


@dataclass(frozen=True, slots=True)
class Connected:
    """A device has a session with us; ``detail`` describes it (address, version).

    ``identity``: what its certificate says it is, where it has shown one.
    """

    device: Device
    at: float
    detail: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A device's last session ended."""

    device: Device
    at: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """A version of one type was sent (types: xDS type URL, ``flows``, ``config``)."""

    device: Device
    type: str
    version: str
    at: float


@dataclass(frozen=True, slots=True)
class Acked:
    """The device runs this version (for xDS: it acknowledged the response)."""

    device: Device
    type: str
    version: str
    at: float
    written: int = 0  # resources, flows or lines that had to be sent; 0: nothing had changed


@dataclass(frozen=True, slots=True)
class Nacked:
    """The device refused this version and keeps the last good one."""

    device: Device
    type: str
    version: str
    at: float
    reason: str
    resource: str = ""  # the resource, flow or line at fault, where it is known
    origin: str = ""  # "file:line" of the policy behind it


@dataclass(frozen=True, slots=True)
class PortsChanged:
    """A bridge's interfaces, by name, with their OpenFlow port numbers."""

    device: Device
    at: float
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Warned:
    """A device is in a state that the operator should mend (a fail mode that is not secure)."""

    device: Device
    at: float
    warning: str  # empty: the warning of this topic is over
    topic: str = ""


Evidence = Connected | Disconnected | Offered | Acked | Nacked | PortsChanged | Warned

"""What an OpenFlow session wants done: bytes to send, an end, and news for its surroundings."""

from __future__ import annotations

from dataclasses import dataclass

from xds_server.protocols.openflow.codec import PacketIn
from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.drift import Contents
from xds_server.snapshots.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes to the bridge."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection; the reason is meant for an operator."""

    reason: str


@dataclass(frozen=True, slots=True)
class Identified:
    """The bridge has told its datapath id; answer with ``Connection.admit`` if it is known."""

    datapath_id: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The counters that ``Connection.count`` asked for; empty when the bridge refuses."""

    request: int
    counters: Counters


@dataclass(frozen=True, slots=True)
class Inspected:
    """What ``Connection.inspect`` asked for; None when the bridge refuses to list it."""

    request: int
    contents: Contents | None


@dataclass(frozen=True, slots=True)
class Punted:
    """A packet that a flow sent to the controller."""

    packet: PacketIn


Effect = Send | Close | Identified | Counted | Inspected | Punted | Evidence

"""Declared bridges set up through their databases, where the operator has asked for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.protocols.ovsdb.operations import Operation
from xds_server.protocols.ovsdb.preparing import Wanted, preparation
from xds_server.southbound.ovsdb_session import OvsdbSession

_WILDCARDS = ("0.0.0.0", "::", "")


@dataclass(frozen=True, slots=True)
class Advertised:
    """Where bridges are told to connect by OpenFlow."""

    host: str  # as we listen; a wildcard stands for the address at which a database reaches us
    port: int
    tls: bool = False
    target: str = ""  # the whole, as given by the operator; it wins

    def to(self, session: OvsdbSession) -> str:
        """Return the controller target for the bridges of a session."""
        if self.target:
            return self.target
        host = self.host
        if host in _WILDCARDS:
            host = session.local_address or "127.0.0.1"
        place = f"[{host}]" if ":" in host else host
        return f"{'ssl' if self.tls else 'tcp'}:{place}:{self.port}"


@dataclass(slots=True)
class Preparation:
    """What every declared bridge should be set up with."""

    advertised: Advertised
    encapsulation: str
    tunnels: Mapping[str, str] = field(default_factory=dict)  # by host: its tunnel's interface

    def missing(self, session: OvsdbSession, bridge: Bridge, host: str) -> tuple[Operation, ...]:
        """Return what a bridge lacks."""
        tunnel = self.tunnels.get(host, "")
        return preparation(bridge, Wanted(self.advertised.to(session), tunnel, self.encapsulation))

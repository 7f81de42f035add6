"""Workloads are told by their gateway that a packet of theirs went no further, so that they see it.

It is what traceroute lives on. Nothing else depends on it: the packet is dropped by its bridge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from translators.openflow.cookie import Cause, cause_of
from translators.openflow.fields import SEGMENT, SOURCE
from translators.openflow.tables import Table
from translators.plan.model import Plan
from xds_server.controller.allowance import Allowance
from xds_server.controller.ports import Bridges
from xds_server.protocols.openflow.codec import PacketIn
from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.icmp import time_exceeded
from xds_server.protocols.openflow.orders import PacketOut
from xds_server.protocols.openflow.punted import metadata

ANSWERS = 100  # packets a second that are answered on one bridge (RFC 1812, section 4.3.2.8)

_log = structlog.get_logger("fsdn.sessions")


@dataclass(slots=True)
class Expiry:
    """Answers packets whose TTL has ended at a router."""

    bridges: Bridges
    plan: Callable[[], Plan]
    clock: Callable[[], float]
    _allowances: dict[str, Allowance] = field(default_factory=dict)

    def punted(self, host: str, packet: PacketIn) -> None:
        """Take a packet that a bridge sent us; what has not expired is left alone."""
        if cause_of(packet.cookie) is not Cause.EXPIRED:
            return
        if not self._allowances.setdefault(host, Allowance(ANSWERS)).take(self.clock()):
            return
        try:
            self._answer(host, packet)
        except ProtocolError as error:
            _log.warning("unreadable", host=host, reason=str(error))

    def _answer(self, host: str, packet: PacketIn) -> None:
        plan, met = self.plan(), metadata(packet.match)
        identity = met.get((SOURCE.oxm_class, SOURCE.oxm_field))
        sender = next((e for e in plan.endpoints if e.identity == identity), None)
        found = plan.host.get(host)
        if sender is None or found is None:
            return
        place = met.get((SEGMENT.oxm_class, SEGMENT.oxm_field), 0)
        for gateway in plan.segment[sender.segment].gateways:
            frame = time_exceeded(packet.data, gateway)
            if frame is not None:
                order = PacketOut(frame, Table.LOOKUP, place)
                self.bridges.order(found.datapath_id, [order])
                return

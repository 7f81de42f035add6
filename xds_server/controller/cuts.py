"""Sessions that are being ended: both ends are told at the next packet, then nobody knows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from translators.openflow.cookie import Cause, cause_of
from translators.openflow.fields import SEGMENT
from translators.plan.model import TCP, UDP, Plan
from xds_server.controller.allowance import Allowance
from xds_server.controller.ends import Ends, Metadata, answer, ends_of, lost, resets
from xds_server.controller.errors import ConflictError, UnsafeError
from xds_server.controller.ports import Bridges
from xds_server.controller.sessions import Session, kill_orders
from xds_server.protocols.openflow.codec import PacketIn
from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.orders import CtFlush, Order, Tuple
from xds_server.protocols.openflow.punted import ACK, RST, SYN, Segment, metadata, segment_of

LINGER_SECONDS = 2.0  # after the last packet: an end may ask back before it believes a reset
ANSWERS = 1000  # packets a second that are answered on one bridge; senders repeat the others
_MOST_ENDING = 100_000
_MOST_KILLED = 10_000  # ends that are remembered; of older ones only who speaks is answered

_log = structlog.get_logger("fsdn.sessions")


@dataclass(slots=True)
class Cuts:
    """Answers punted packets. Nothing here is needed for a session to stay cut: bridges see to it.

    ``killed`` remembers, by the number in the cookie of its flows, whom a killed session joined.
    """

    bridges: Bridges
    plan: Callable[[], Plan]
    clock: Callable[[], float]
    killed: dict[int, Ends] = field(default_factory=dict)
    _last: int = 0
    _ending: dict[tuple[str, int, Tuple], float] = field(default_factory=dict)
    _allowances: dict[str, Allowance] = field(default_factory=dict)

    def punted(self, host: str, packet: PacketIn) -> None:
        """Take a packet that a bridge sent us; what is none of ours is left alone."""
        cause = cause_of(packet.cookie)
        if cause not in (Cause.REVOKED, Cause.KILLED, Cause.LOST):
            return
        if not self._allowances.setdefault(host, Allowance(ANSWERS)).take(self.clock()):
            return
        try:
            segment, met = segment_of(packet.data), metadata(packet.match)
        except ProtocolError as error:
            _log.warning("unreadable", host=host, reason=str(error))
            return
        if segment is not None and not segment.flags & RST:
            self._answer(host, packet.cookie, segment, met)

    def _answer(self, host: str, value: int, segment: Segment, met: Metadata) -> None:
        cause = cause_of(value)
        if cause is Cause.LOST:
            self._order(host, lost(met, segment))
            return
        revoked = cause is Cause.REVOKED
        ends = ends_of(self.plan(), met, segment) if revoked else self._killed(value, segment)
        place = met.get((SEGMENT.oxm_class, SEGMENT.oxm_field), 0)
        self._end(host, place, ends, segment, forget=revoked)

    def _killed(self, value: int, packet: Segment) -> Ends | None:
        """Return whom a killed session joined; a cookie of before a restart may be another's."""
        ends = self.killed.get(value & 0xFFFFFFFF)
        if ends is None:
            return None
        met = {packet.source, packet.destination}
        return ends if met in ({ends.client, ends.virtual}, {ends.client, ends.server}) else None

    def _end(self, host: str, place: int, ends: Ends | None, packet: Segment, forget: bool) -> None:
        if ends is None:
            self._order(host, answer(packet, place))
        elif forget and packet.flags & (SYN | ACK) == SYN:
            # The client begins anew with the same port: it asks again in a second.
            self._order(host, [CtFlush(ends.zone, ends.connection)])
        else:
            self._order(host, resets(ends, packet))
            if forget and len(self._ending) < _MOST_ENDING:
                key = (host, ends.zone, ends.connection)
                if key not in self._ending:
                    _log.info("session cut", host=host, client=_text(ends), path=ends.path)
                self._ending[key] = self.clock() + LINGER_SECONDS

    def kill(self, session: Session) -> None:
        """End one session; raises ConflictError where its bridge cannot be told now."""
        if session.ends.protocol not in (TCP, UDP):
            raise UnsafeError(f"{session.protocol} has no sessions to kill, it ends by itself")
        number = self._last = self._last % 0xFFFFFFFF + 1
        if not self._order(session.host, kill_orders(session, number)):
            raise ConflictError(f"the bridge of {session.host} is not connected, try again later")
        while len(self.killed) >= _MOST_KILLED:
            del self.killed[next(iter(self.killed))]
        self.killed[number] = session.ends
        _log.info("session killed", host=session.host, id=session.id)

    def tick(self) -> None:
        """Let bridges forget the sessions whose ends have been silent since they were told."""
        now = self.clock()
        for key in [key for key, until in self._ending.items() if now >= until]:
            del self._ending[key]
            host, zone, connection = key
            self._order(host, [CtFlush(zone, connection)])

    def _order(self, host: str, orders: list[Order]) -> bool:
        found = self.plan().host.get(host)
        return found is not None and self.bridges.order(found.datapath_id, orders)


def _text(ends: Ends) -> str:
    return f"{ends.client[0]}:{ends.client[1]} to {ends.virtual[0]}:{ends.virtual[1]}"

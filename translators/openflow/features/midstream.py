"""TCP packets from the middle of a connection that connection tracking does not know.

A vswitch or a host that was restarted has forgotten its connections, and only a SYN begins one.
What comes through the tunnel is taken over where policy admits it as a new connection: the
sender's bridge knows the connection and judges it, or it would not have sent it. So it goes on,
or the endpoint's own kernel resets it where the endpoint is a new one.

What a port of this bridge sends is never taken over, so that a flushed session stays ended, and a
translated address could not be guessed. Where policy would admit it, the controller answers
it by a reset; what policy denies stays without an answer. No meter limits what is asked, since
flows that are saved and loaded (``ovs-save``) leave meters behind and would be refused: the
vswitch itself limits what it sends to a controller (``controller_rate_limit``).
"""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    AUDITED,
    CT_NEW,
    CT_STATE,
    CT_TRACKED,
    ETH_TYPE,
    FAMILIES,
    FROM_PROXY,
    FROM_TUNNEL,
    FROM_WORKLOAD,
    IP_PROTO,
    JUDGED,
    LOST,
    ORIGIN,
    PORT,
    TCP_ACK,
    TCP_DST,
    TCP_FLAGS,
    TCP_RST,
    TCP_SYN,
)
from translators.openflow.flow import Flow, Move, Punt, SetField, Test, match
from translators.openflow.tables import Table
from translators.plan.model import TCP

_NEW: Test = (CT_STATE, CT_NEW | CT_TRACKED, CT_NEW | CT_TRACKED)
_MIDDLE: Test = (TCP_FLAGS, TCP_ACK, TCP_SYN | TCP_RST | TCP_ACK)
_PORT = Move(TCP_DST, PORT, 16)
_SENDERS = ((FROM_WORKLOAD, Table.VIRTUAL), (FROM_PROXY, Table.ADDRESS))


def unknown() -> Iterator[Flow]:
    """Yield where such packets go, beside the flows of new connections in the table of states."""
    own = cookie(Cause.NONE)
    for _, ether in FAMILIES:
        tests: tuple[Test, ...] = (_NEW, (ETH_TYPE, ether, None), (IP_PROTO, TCP, None))
        tunnel = match(*tests, (ORIGIN, FROM_TUNNEL))
        yield Flow(Table.STATE, 105, tunnel, own, (_PORT,), Table.ADDRESS)
        # Audits count connections, not what is left of them.
        acts = (_PORT, SetField(JUDGED, LOST), SetField(AUDITED, 0xFFFFFFFF))
        for origin, goto in _SENDERS:
            sent = match(*tests, _MIDDLE, (ORIGIN, origin))
            yield Flow(Table.STATE, 90, sent, own, acts, goto)


def answered() -> Flow:
    """Return the end of such packets that policy admits, in the table of commits."""
    return Flow(Table.COMMIT, 210, match((JUDGED, LOST)), cookie(Cause.LOST), (Punt(),))

"""Whose session a punted packet belongs to: its two ends, as each of them sees the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from translators.openflow.fields import (
    CT_LABEL,
    CT_MARK,
    CT_REPLY,
    CT_STATE,
    FROM_PROXY,
    LABEL_PORT,
    MARK_CLIENT,
    MARK_DIRECT,
    MARK_OUTSIDE,
    MARK_PROXY,
    ORIGIN,
    SEGMENT,
    SERVICE,
    SOURCE,
    ZONE_BITS,
    Field,
)
from translators.openflow.tables import Table
from translators.plan.model import TCP, Plan
from xds_server.protocols.openflow.orders import Order, PacketOut, Tuple
from xds_server.protocols.openflow.punted import Door, Segment, back, onward

PATHS = MARK_CLIENT | MARK_PROXY | MARK_DIRECT | MARK_OUTSIDE
_SERVERS = {MARK_CLIENT: Table.STEER, MARK_OUTSIDE: Table.LEAVE}
_NICIRA = 1
# Open vSwitch's names of a connection's first packet (ovs-fields(7)): destination, its port
_CT_NW_DST, _CT_IPV6_DST, _CT_TP_DST = 121, 123, 125
Metadata = Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Ends:
    """A session between a client and a server; the client knows the server as ``virtual``.

    ``path`` is the connection's mark: on a client's half (1) the proxy is the server, on a proxy's
    half (2) it is the client. ``server`` is None where nobody knows to which endpoint it leads.
    """

    segment: int  # as register 0 has it: the conntrack zone below, a routed segment above it
    path: int
    client: Door
    virtual: Door
    server: Door | None
    protocol: int = TCP

    @property
    def zone(self) -> int:
        """The conntrack zone."""
        return self.segment & (1 << ZONE_BITS) - 1

    @property
    def connection(self) -> Tuple:
        """The connection as its first packet had it."""
        return Tuple(self.protocol, *self.client, *self.virtual)


def ends_of(plan: Plan, met: Metadata, packet: Segment) -> Ends | None:
    """Return the ends of the revoked session that a packet belongs to; None: tracking lost it."""
    mark, state = _of(met, CT_MARK), _of(met, CT_STATE)
    if not mark & PATHS:
        return None
    six = packet.source[0].version == 6
    number = met.get((_NICIRA, _CT_IPV6_DST if six else _CT_NW_DST))
    port = met.get((_NICIRA, _CT_TP_DST))
    if number is None or port is None:
        return None
    virtual = (ip_address(number.to_bytes(16 if six else 4, "big")), port)
    path = mark & PATHS
    if not state & CT_REPLY:
        return Ends(_of(met, SEGMENT), path, packet.source, virtual, packet.destination)
    server: Door | None = virtual
    if path == MARK_DIRECT and virtual[0] in plan.by_vip:
        server = _endpoint(plan, _of(met, SOURCE), six, _of(met, CT_LABEL) >> LABEL_PORT & 0xFFFF)
    return Ends(_of(met, SEGMENT), path, packet.destination, virtual, server)


def resets(ends: Ends, packet: Segment) -> list[Order]:
    """Return what tells both ends that their session is over, after one of them sent a packet."""
    to_client, to_server = _tables(ends.path)
    from_client = packet.source == ends.client
    told = back if from_client else onward
    found = [(to_client, told(packet, ends.virtual, ends.client))]
    if ends.server is not None:
        told = onward if from_client else back
        found.append((to_server, told(packet, ends.client, ends.server)))
    return [PacketOut(data, table, ends.segment) for table, data in found]


def answer(packet: Segment, segment: int, table: int = Table.LOOKUP) -> list[Order]:
    """Return the reset for who sent a packet of a session that nobody knows any more."""
    data = back(packet, packet.destination, packet.source)
    return [PacketOut(data, table, segment)]


def lost(met: Metadata, packet: Segment) -> list[Order]:
    """Return the resets for a session that tracking has lost, after one of its packets was sent.

    Whom the packet was meant for is told too, unless only the lost translation knew who it is.
    """
    segment = _of(met, SEGMENT)
    told = answer(packet, segment, Table.STEER if _of(met, ORIGIN) == FROM_PROXY else Table.LOOKUP)
    if not _of(met, SERVICE):
        data = onward(packet, packet.source, packet.destination)
        told.append(PacketOut(data, Table.LOOKUP, segment))
    return told


def _tables(path: int) -> tuple[int, int]:
    client = Table.STEER if path == MARK_PROXY else Table.LOOKUP
    return client, _SERVERS.get(path, Table.LOOKUP)


def _of(met: Metadata, field: Field) -> int:
    return met.get((field.oxm_class, field.oxm_field), 0)


def _endpoint(plan: Plan, identity: int, six: bool, port: int) -> Door | None:
    endpoint, version = plan.by_identity.get(identity), 6 if six else 4
    addresses = () if endpoint is None else endpoint.addresses
    return next(((a, port) for a in addresses if a.version == version), None)

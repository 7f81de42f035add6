"""Both ends of a session are found from either of its packets, and told in the other's name."""

from dataclasses import replace
from ipaddress import ip_address

from tests.plans import shop_plan
from translators.openflow.fields import (
    CT_REPLY,
    CT_TRACKED,
    FROM_PROXY,
    MARK_CLIENT,
    MARK_DIRECT,
    MARK_PROXY,
)
from translators.openflow.tables import Table
from xds_server.controller.ends import Ends, answer, ends_of, lost, resets
from xds_server.protocols.openflow.orders import PacketOut
from xds_server.protocols.openflow.punted import ACK, Segment, segment_of

PLAN = shop_plan()
CLIENT, VIRTUAL, SERVER = (
    (ip_address("10.10.0.11"), 40000),
    (ip_address("10.10.0.201"), 80),
    (ip_address("10.10.0.31"), 8080),
)
ENDS = Ends(1, MARK_DIRECT, CLIENT, VIRTUAL, SERVER)
MET = {
    (1, 0): 1,  # the segment
    (1, 107): MARK_DIRECT | 64,
    (1, 105): CT_TRACKED,
    (1, 121): int(VIRTUAL[0]),
    (1, 125): 80,
    (1, 108): 8080 << 64,
}
REQUEST = Segment(CLIENT, SERVER, 100, 200, ACK, 1)
REPLY = Segment(VIRTUAL, CLIENT, 200, 101, ACK, 1)


def test_a_clients_packet_shows_the_endpoint() -> None:
    assert ends_of(PLAN, MET, REQUEST) == ENDS


def test_a_servers_packet_shows_it_by_identity_and_label() -> None:
    reply = MET | {(1, 105): CT_TRACKED | CT_REPLY, (1, 1): PLAN.endpoint["shop/stock"].identity}
    assert ends_of(PLAN, reply, REPLY) == ENDS
    assert ends_of(PLAN, reply | {(1, 1): 999}, REPLY) == replace(ENDS, server=None)


def test_what_tracking_does_not_know_has_no_ends() -> None:
    assert ends_of(PLAN, {}, REQUEST) is None
    assert ends_of(PLAN, {(1, 107): MARK_DIRECT}, REQUEST) is None


def _told(ends: Ends, packet: Segment) -> list[tuple[int, Segment | None]]:
    found = resets(ends, packet)
    assert all(isinstance(one, PacketOut) and one.segment == ends.segment for one in found)
    return [(one.table, segment_of(one.data)) for one in found if isinstance(one, PacketOut)]


def test_each_end_is_told_by_the_other_as_it_knows_it() -> None:
    for packet in (REQUEST, REPLY):
        (_, client), (_, server) = _told(ENDS, packet)
        assert client is not None
        assert server is not None
        assert (client.source, client.destination) == (VIRTUAL, CLIENT)
        assert (server.source, server.destination) == (CLIENT, SERVER)
    (_, client), (_, server) = _told(ENDS, REQUEST)
    assert client is not None
    assert server is not None
    assert (client.sequence, server.sequence) == (200, 100)


def test_the_proxy_is_reached_by_steering() -> None:
    tables = {
        path: [table for table, _ in _told(replace(ENDS, path=path), REQUEST)]
        for path in (MARK_DIRECT, MARK_CLIENT, MARK_PROXY)
    }
    assert tables == {
        MARK_DIRECT: [Table.LOOKUP, Table.LOOKUP],
        MARK_CLIENT: [Table.LOOKUP, Table.STEER],
        MARK_PROXY: [Table.STEER, Table.LOOKUP],
    }


def test_an_unknown_end_is_not_told() -> None:
    assert len(resets(replace(ENDS, server=None), REQUEST)) == 1
    (one,) = answer(REPLY, 1)
    assert isinstance(one, PacketOut)
    told = segment_of(one.data)
    assert told is not None
    assert (told.source, told.destination) == (CLIENT, VIRTUAL)


def test_whom_a_lost_session_joined_is_told_as_far_as_the_packet_shows() -> None:
    def told(**registers: int) -> list[tuple[int, object, object]]:
        met = {(1, int(name[1:])): value for name, value in registers.items()}
        found = [one for one in lost({(1, 0): 7} | met, REQUEST) if isinstance(one, PacketOut)]
        assert all(one.segment == 7 for one in found)
        seen = [(one.table, segment_of(one.data)) for one in found]
        return [(table, read.source, read.destination) for table, read in seen if read is not None]

    sender, receiver = (Table.LOOKUP, SERVER, CLIENT), (Table.LOOKUP, CLIENT, SERVER)
    assert told(r5=0) == [sender, receiver]
    assert told(r3=4) == [sender]  # by a service: which endpoint it was is forgotten
    assert told(r5=FROM_PROXY) == [(Table.STEER, SERVER, CLIENT), receiver]

"""A session's life as a conversation: greeting, admission, silence, and peers that misbehave."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conversations.openflow.scripted_bridge import HOST, ScriptedBridge, port_bytes
from tests.devices.ovs_bridge import flow
from tests.unit.xds_server.protocols.openflow.test_multipart import flow_desc
from xds_server.protocols.openflow.codec import Role
from xds_server.protocols.openflow.connection import Connection, Settings, Stage
from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.effects import Close, Counted, Identified, Punted
from xds_server.protocols.openflow.framing import Type, frame
from xds_server.protocols.openflow.multipart import HeldFlow, Part
from xds_server.snapshots.evidence import Connected, Disconnected, PortsChanged, Warned
from xds_server.snapshots.model import program_of

LISTED = flow_desc(HeldFlow(flow(1), 3, 300))


def _bridge(settings: Settings | None = None) -> ScriptedBridge:
    return ScriptedBridge(Connection(settings or Settings(), 100.0))


def test_a_bridge_is_identified_and_gets_nothing_before_it_is_admitted() -> None:
    bridge = _bridge()
    assert bridge.handshake() == [Identified(0xAA)]
    assert [message.type for message in bridge.sent] == [Type.HELLO, Type.FEATURES_REQUEST]
    assert bridge.runs(program_of([flow(1)], [])) == []
    assert len(bridge.sent) == 2


def test_admission_stops_misses_and_lists_the_ports() -> None:
    bridge = _bridge()
    ports = bridge.admitted()
    assert bridge.effects[1] == Connected(HOST, 100.0, "a test")
    assert bridge.last(Type.SET_CONFIG).body == bytes(4)
    assert ports == [PortsChanged(HOST, 100.0, {"web": 1})]
    assert not any(message.type == Type.ROLE_REQUEST for message in bridge.sent)


def test_a_primary_states_its_generation_and_yields_to_a_newer_one() -> None:
    bridge = _bridge(Settings(role=Role.PRIMARY, generation=41))
    bridge.admitted()
    request = bridge.last(Type.ROLE_REQUEST)
    assert request.body == struct.pack("!IHxxQ", 2, 0xFFFF, 41)
    granted = bridge.says(Type.ROLE_REPLY, request.xid, request.body)
    assert granted == [Warned(HOST, 100.0, "", "role")]
    (warning, _close) = bridge.refuses(request.xid, 11, 0)
    assert isinstance(warning, Warned)
    assert "stop that controller and start this one again" in warning.warning
    assert bridge.closing().startswith("a newer controller owns the bridge: ROLE_REQUEST_FAILED")


def test_ports_that_change_are_reported_once_the_list_is_complete() -> None:
    bridge = _bridge()
    bridge.handshake()
    bridge.take(bridge.connection.admit(HOST, 100.0))
    assert bridge.says(Type.PORT_STATUS, 0, bytes(8) + port_bytes(2, "db")) == []
    assert bridge.lists(Part.PORT_DESC, port_bytes(1, "web"), more=True) == []
    (listed,) = bridge.lists(Part.PORT_DESC, port_bytes(3, "late"))
    assert listed == PortsChanged(HOST, 100.0, {"db": 2, "late": 3, "web": 1})
    assert bridge.says(Type.PORT_STATUS, 0, bytes([2, *bytes(7)]) + port_bytes(2, "db")) == []
    (gone,) = bridge.says(Type.PORT_STATUS, 0, bytes([1, *bytes(7)]) + port_bytes(2, "db"))
    assert gone == PortsChanged(HOST, 100.0, {"late": 3, "web": 1})


def test_a_port_that_flaps_is_told_of_once_for_all_that_came_together() -> None:
    bridge = _bridge()
    bridge.admitted()
    there = frame(Type.PORT_STATUS, 0, bytes(8) + port_bytes(2, "db"))
    gone = frame(Type.PORT_STATUS, 0, b"\x01" + bytes(7) + port_bytes(2, "db"))
    told = bridge.take(bridge.connection.receive((there + gone) * 500 + there, 100.0))
    assert told == [PortsChanged(HOST, 100.0, {"db": 2, "web": 1})]
    assert bridge.take(bridge.connection.receive(gone, 100.0)) == [
        PortsChanged(HOST, 100.0, {"web": 1})
    ]


def test_an_echo_request_comes_back_with_its_payload() -> None:
    bridge = _bridge()
    bridge.handshake()
    bridge.says(Type.ECHO_REQUEST, 99, b"still there?")
    answer = bridge.last(Type.ECHO_REPLY)
    assert (answer.xid, answer.body) == (99, b"still there?")


def test_silence_is_probed_and_then_ended() -> None:
    bridge = _bridge()
    bridge.admitted()
    assert bridge.waits(5.0) == []
    bridge.waits(0.1)
    probe = bridge.last(Type.ECHO_REQUEST)
    bridge.waits(14.0)
    bridge.says(Type.ECHO_REPLY, probe.xid)
    assert bridge.waits(2.0) == []
    bridge.waits(4.0)
    assert bridge.waits(15.1) == [Close("no answer to an echo request")]
    assert bridge.waits(100.0) == []


def test_a_probe_on_demand_has_its_own_deadline() -> None:
    bridge = _bridge()
    bridge.admitted()
    bridge.take(bridge.connection.probe(bridge.now, 2.0))
    assert bridge.waits(1.9) == []
    assert bridge.waits(0.2) == [Close("no answer to an echo request")]


def test_a_handshake_has_a_deadline_and_waiting_for_admission_has_none() -> None:
    silent = _bridge()
    silent.take(silent.connection.open())
    silent.waits(10.1)
    assert silent.closing() == "no OpenFlow handshake within 10 s"
    stranger = _bridge()
    stranger.handshake()
    for _ in range(20):
        stranger.waits(4.0)
        stranger.says(Type.ECHO_REQUEST, 1)
    assert stranger.connection.stage is Stage.UNKNOWN


def test_a_dump_that_never_ends_is_given_up() -> None:
    bridge = _bridge()
    bridge.admitted()
    bridge.runs(program_of([flow(1)], []))
    for _ in range(20):
        bridge.says(Type.ECHO_REQUEST, 1)
        bridge.waits(4.0)
    assert bridge.closing() == "a request was not answered within 60 s"


def test_an_old_bridge_is_told_how_to_be_mended() -> None:
    bridge = _bridge()
    bridge.take(bridge.connection.open())
    bridge.take(bridge.connection.receive(struct.pack("!BBHI", 4, 0, 8, 7), 100.0))
    assert bridge.last(Type.ERROR).body.startswith(bytes(4) + b"this controller speaks")
    assert "protocols=OpenFlow15" in bridge.closing()


@pytest.mark.parametrize(
    "hostile",
    [
        b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        struct.pack("!BBHI", 6, 5, 8, 1),
        struct.pack("!BBHI", 6, 0, 7, 1),
        struct.pack("!BBHI", 6, 1, 8, 1),
    ],
)
def test_other_protocols_are_refused_at_the_greeting(hostile: bytes) -> None:
    bridge = _bridge()
    bridge.take(bridge.connection.open())
    bridge.take(bridge.connection.receive(hostile.ljust(22_000, b"."), 100.0))
    assert bridge.closing()
    assert bridge.connection.receive(b"more", 101.0) == []


def test_a_version_cannot_change_after_the_greeting() -> None:
    bridge = _bridge()
    bridge.handshake()
    bridge.take(bridge.connection.receive(struct.pack("!BBHI", 4, 2, 8, 7), 100.0))
    assert "version 0x4 after the hello" in bridge.closing()


def test_counters_are_summed_by_table_and_cookie_and_an_error_gives_none() -> None:
    bridge = _bridge()
    bridge.admitted()
    bridge.take(bridge.connection.count(5))
    place = (flow(1).key.table, flow(1).cookie)
    counted = Counted(5, Counters({place: (6, 600)}))
    assert bridge.lists(Part.FLOW_DESC, LISTED, more=True) == []
    assert bridge.lists(Part.FLOW_DESC, LISTED) == []
    assert bridge.lists(Part.QUEUE_STATS, b"") == [counted]
    bridge.take(bridge.connection.count(6))
    assert bridge.refuses(bridge.asked(Part.FLOW_DESC).xid, 1, 5) == [Counted(6, Counters())]


def test_a_punted_packet_is_passed_on() -> None:
    bridge = _bridge()
    bridge.admitted()
    body = struct.pack("!IHBBQHH", 0xFFFFFFFF, 3, 1, 20, 7, 1, 4) + bytes(6) + b"abc"
    (punted,) = bridge.says(Type.PACKET_IN, 0, body)
    assert isinstance(punted, Punted)
    assert (punted.packet.cookie, punted.packet.data) == (7, b"abc")


def test_a_bridge_that_another_primary_took_over_is_left_to_it() -> None:
    bridge = _bridge()
    bridge.admitted()
    bridge.runs(program_of([flow(1)], []))
    (warning, _close) = bridge.says(Type.ROLE_STATUS, 0, struct.pack("!IBxxxQ", 3, 0, 9))
    assert isinstance(warning, Warned)
    assert warning.topic == "role"
    assert "it took the bridge over" in bridge.closing()
    before = len(bridge.sent)
    bridge.runs(program_of([flow(2)], []))
    assert len(bridge.sent) == before


def test_errors_without_a_cause_are_reported_but_not_forever() -> None:
    bridge = _bridge()
    bridge.admitted()
    reports = [bridge.refuses(4_000_000, 1, 1) for _ in range(50)]
    warnings = [effect for effects in reports for effect in effects]
    assert 1 <= len(warnings) <= 20
    assert isinstance(warnings[0], Warned)
    assert "BAD_REQUEST BAD_TYPE" in warnings[0].warning


def test_the_end_is_told_once_and_only_of_bridges_that_were_admitted() -> None:
    bridge = _bridge()
    bridge.admitted()
    assert bridge.connection.closed("gone", 101.0) == [Disconnected(HOST, 101.0, "gone")]
    assert bridge.connection.closed("gone", 102.0) == []
    stranger = _bridge()
    stranger.handshake()
    assert stranger.connection.closed("gone", 101.0) == []


@given(stream=st.binary(max_size=400), cut=st.integers(1, 50))
def test_hostile_bytes_close_the_session_at_worst(stream: bytes, cut: int) -> None:
    bridge = _bridge()
    bridge.admitted()
    bridge.runs(program_of([flow(1)], []))
    for start in range(0, len(stream), cut):
        bridge.take(bridge.connection.receive(stream[start : start + cut], 100.0))
    assert not bridge.closing() or bridge.connection.over


@given(
    kind=st.integers(0, 36), xid=st.integers(0, 12), body=st.binary(max_size=120), data=st.data()
)
def test_hostile_messages_close_the_session_at_worst(
    kind: int, xid: int, body: bytes, data: st.DataObject
) -> None:
    bridge = _bridge()
    bridge.admitted()
    bridge.runs(program_of([flow(1)], []))
    if data.draw(st.booleans()):
        bridge.holds()
    message = struct.pack("!BBHI", 6, kind, 8 + len(body), xid) + body
    bridge.take(bridge.connection.receive(message, 100.0))
    assert not bridge.closing() or bridge.connection.over

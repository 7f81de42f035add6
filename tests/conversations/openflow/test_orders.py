"""Conversations beside the program: packets and flushes are ordered, short flows are left alone."""

from ipaddress import ip_address

from tests.conversations.openflow.scripted_bridge import ScriptedBridge
from tests.devices.ovs_bridge import flow
from xds_server.protocols.openflow.connection import Connection, Settings
from xds_server.protocols.openflow.framing import Type
from xds_server.protocols.openflow.orders import CtFlush, PacketOut, ShortFlow, Tuple
from xds_server.snapshots.evidence import Acked, Warned
from xds_server.snapshots.model import program_of

ONE = Tuple(6, ip_address("10.0.0.1"), 1, ip_address("10.0.0.9"), 80)
PASSING = flow(99, cookie=0xF5D0003D00000007)


def _bridge() -> ScriptedBridge:
    bridge = ScriptedBridge(Connection(Settings(), 100.0))
    bridge.admitted()
    return bridge


def test_orders_go_out_in_their_order_with_an_xid_each() -> None:
    bridge = _bridge()
    orders = [ShortFlow(PASSING, 60), CtFlush(5, ONE), PacketOut(bytes(60), 40, 5)]
    assert bridge.take(bridge.connection.order(orders)) == []
    told = bridge.sent[-3:]
    assert [m.type for m in told] == [Type.FLOW_MOD, Type.EXPERIMENTER, Type.PACKET_OUT]
    assert len({m.xid for m in told}) == 3


def test_a_refused_order_is_a_warning_and_the_session_goes_on() -> None:
    bridge = _bridge()
    bridge.take(bridge.connection.order([CtFlush(5, ONE)]))
    (warning,) = bridge.refuses(bridge.last(Type.EXPERIMENTER).xid, 1, 3)
    assert isinstance(warning, Warned)
    assert not bridge.connection.over
    bridge.take(bridge.connection.order([CtFlush(5, ONE)]))
    assert bridge.last(Type.EXPERIMENTER).type == Type.EXPERIMENTER


def test_flows_that_pass_are_no_part_of_what_is_compared() -> None:
    bridge = _bridge()
    program = program_of([flow(1)], [])
    bridge.take(bridge.connection.run(program, bridge.now))
    effects = bridge.holds([*program.flows.values(), PASSING])
    assert [e.written for e in effects if isinstance(e, Acked)] == [0]

"""A bridge brought to its program, as a conversation."""

from tests.conversations.openflow.scripted_bridge import HOST, ScriptedBridge
from tests.devices.ovs_bridge import DROP, apply, flow, group, output, to_group
from xds_server.protocols.openflow.codec import BundleStep
from xds_server.protocols.openflow.connection import Connection, Settings
from xds_server.protocols.openflow.framing import Framer, Type
from xds_server.protocols.openflow.multipart import Part
from xds_server.snapshots.evidence import Acked, Nacked, Offered
from xds_server.snapshots.model import FlowEntry, program_of

ONE = program_of([flow(1), flow(2, apply(to_group(7)), cookie=5)], [group(7, 1)])
TWO = program_of([flow(1), flow(2, apply(output(2)), cookie=5)], [])
THREE = program_of([flow(3)], [])


def _bridge() -> ScriptedBridge:
    bridge = ScriptedBridge(Connection(Settings(), 100.0))
    bridge.admitted()
    return bridge


def _acked(program: object, written: int) -> Acked:
    return Acked(HOST, "flows", program.version, 100.0, written)  # type: ignore[attr-defined]


def _added(bridge: ScriptedBridge) -> list[tuple[int, int]]:
    """Return type and command of every message in a bundle."""
    outer = [m for m in bridge.sent if m.type == Type.BUNDLE_ADD]
    inner = [message for m in outer for message in Framer().feed(m.body[8:])]
    places = {Type.FLOW_MOD: 17, Type.GROUP_MOD: 1}
    return [(m.type, m.body[places[Type(m.type)]]) for m in inner]


def test_an_empty_bridge_gets_groups_then_flows_in_one_bundle() -> None:
    bridge = _bridge()
    bridge.runs(ONE)
    assert bridge.holds() == [Offered(HOST, "flows", ONE.version, 100.0)]
    assert _added(bridge) == [(Type.GROUP_MOD, 0), (Type.FLOW_MOD, 0), (Type.FLOW_MOD, 0)]
    assert bridge.passes_barrier() == []
    assert bridge.last(Type.BUNDLE_CONTROL).body[4:6] == bytes([0, BundleStep.COMMIT_REQUEST])
    assert bridge.ends(BundleStep.COMMIT_REPLY) == [_acked(ONE, 3)]


def test_a_bridge_that_holds_everything_is_sent_nothing() -> None:
    bridge = _bridge()
    bridge.runs(ONE)
    assert bridge.holds(ONE.flows.values(), ONE.groups.values()) == [_acked(ONE, 0)]
    assert _added(bridge) == []


def test_the_next_program_is_the_difference_and_asks_nothing() -> None:
    bridge = _bridge()
    bridge.runs(ONE)
    bridge.holds(ONE.flows.values(), ONE.groups.values())
    questions = bridge.asked(Part.FLOW_DESC).xid
    bridge.runs(TWO)
    assert _added(bridge) == [(Type.FLOW_MOD, 0), (Type.GROUP_MOD, 2)]
    assert bridge.asked(Part.FLOW_DESC).xid == questions
    assert bridge.commits() == [_acked(TWO, 2)]


def test_foreign_flows_in_the_answer_are_not_ours_to_delete() -> None:
    bridge = _bridge()
    bridge.runs(THREE)
    foreign = FlowEntry(flow(9).key, 0x77, DROP)
    bridge.holds([foreign, *THREE.flows.values()], [group(7, 1)])
    assert bridge.effects[-1] == _acked(THREE, 0)


def test_the_latest_program_wins_and_those_between_are_never_sent() -> None:
    bridge = _bridge()
    bridge.runs(ONE)
    bridge.holds()
    assert bridge.runs(TWO) == []
    assert bridge.runs(THREE) == []
    first, second = bridge.commits()
    assert first == _acked(ONE, 3)
    assert second == Offered(HOST, "flows", THREE.version, 100.0)
    assert bridge.commits() == [_acked(THREE, 4)]


def test_one_error_discards_the_bundle_and_names_the_flow() -> None:
    bridge = _bridge()
    bridge.runs(ONE)
    bridge.holds()
    guilty = bridge.last(Type.BUNDLE_ADD)
    assert bridge.refuses(guilty.xid, 2, 9) == []
    assert bridge.passes_barrier() == []
    assert bridge.last(Type.BUNDLE_CONTROL).body[5] == BundleStep.DISCARD_REQUEST
    (refusal,) = bridge.ends(BundleStep.DISCARD_REPLY)
    assert isinstance(refusal, Nacked)
    assert refusal.reason == "BAD_ACTION BAD_OUT_GROUP (2/9)"
    assert refusal.resource.startswith("flow cookie=0xf5d0000000000005 table=0 priority=100")


def test_a_refused_program_is_parked_and_the_next_one_is_tried() -> None:
    bridge = _bridge()
    bridge.runs(ONE)
    bridge.holds()
    bridge.refuses(bridge.last(Type.BUNDLE_ADD).xid, 4, 9)
    bridge.passes_barrier()
    bridge.ends(BundleStep.DISCARD_REPLY)
    before = len(bridge.sent)
    assert bridge.runs(ONE) == []
    assert len(bridge.sent) == before
    bridge.runs(TWO)
    assert bridge.commits() == [_acked(TWO, 2)]


def test_a_program_that_came_during_a_refusal_is_sent_next() -> None:
    bridge = _bridge()
    bridge.runs(ONE)
    bridge.holds()
    bridge.runs(THREE)
    bridge.refuses(bridge.last(Type.BUNDLE_ADD).xid, 4, 9)
    bridge.passes_barrier()
    refused, offered = bridge.ends(BundleStep.DISCARD_REPLY)
    assert isinstance(refused, Nacked)
    assert refused.version == ONE.version
    assert offered == Offered(HOST, "flows", THREE.version, 100.0)


def test_groups_changed_by_others_are_looked_at_before_anything_is_refused() -> None:
    bridge = _bridge()
    bridge.runs(THREE)
    bridge.holds(THREE.flows.values())
    bridge.runs(ONE)
    bridge.refuses(bridge.last(Type.BUNDLE_ADD).xid, 6, 0)  # GROUP_EXISTS
    bridge.passes_barrier()
    assert bridge.ends(BundleStep.DISCARD_REPLY) == []
    assert bridge.holds(THREE.flows.values(), [group(7, 1)]) == [
        Offered(HOST, "flows", ONE.version, 100.0)
    ]
    assert bridge.commits() == [_acked(ONE, 3)]


def test_an_object_that_fits_no_message_is_refused_before_it_is_sent() -> None:
    bridge = _bridge()
    bridge.runs(program_of([FlowEntry(flow(1).key, 0xF5D0 << 48, bytes(66_000))], []))
    (refusal,) = bridge.holds()
    assert isinstance(refusal, Nacked)
    assert "limit is 65535" in refusal.reason
    assert refusal.resource.startswith("flow cookie=0xf5d0000000000000")


def test_a_bridge_that_lists_nothing_is_reported() -> None:
    bridge = _bridge()
    bridge.runs(ONE)
    (refusal,) = bridge.refuses(bridge.asked(Part.FLOW_DESC).xid, 1, 5)
    assert isinstance(refusal, Nacked)
    assert "does not list what it holds: BAD_REQUEST EPERM (1/5)" in refusal.reason


def test_a_resync_mends_what_others_changed() -> None:
    bridge = _bridge()
    assert bridge.take(bridge.connection.resync(100.0)) == []
    bridge.runs(ONE)
    bridge.holds(ONE.flows.values(), ONE.groups.values())
    bridge.take(bridge.connection.resync(100.0))
    bridge.holds([flow(1)], ONE.groups.values())
    assert _added(bridge) == [(Type.FLOW_MOD, 0)]
    assert bridge.commits() == [_acked(ONE, 1)]

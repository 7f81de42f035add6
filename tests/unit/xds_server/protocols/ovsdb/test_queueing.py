"""What is missing of queues becomes operations; what others made stays."""

from dataclasses import replace

from tests.unit.xds_server.protocols.ovsdb.test_mirror import BRIDGE
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.protocols.ovsdb.operations import Operation
from xds_server.protocols.ovsdb.qos import Qos, Queue
from xds_server.protocols.ovsdb.queueing import at_ports, is_right, queueing
from xds_server.snapshots.queues import PortQueue

FIVE = PortQueue(5, 20_000, 2_000, "shop/p[0]", 18)
SIX = PortQueue(6, 1_000, 100, "shop/p[1]")
CONFIG = {"min-rate": "20000000", "max-rate": "20000000", "burst": "2000000"}
NAMES = {"fsdn": "true", "fsdn-rule": "shop/p[0]", "fsdn-dscp": "18"}
HELD = Queue("k", CONFIG, NAMES)
QOS = Qos("web", "s", "linux-htb", {"max-rate": "32000000000"}, {"fsdn": "true"}, {5: HELD})
DONE = replace(BRIDGE, qos=(QOS,))


def _short(operations: tuple[Operation, ...]) -> list[tuple[str, str]]:
    return [(each["op"], each["table"]) for each in operations]


def _with(**fields: object) -> Bridge:
    return replace(DONE, qos=(replace(QOS, **fields),))  # type: ignore[arg-type]


def test_a_port_gets_its_queues_in_one_transaction() -> None:
    found = queueing(BRIDGE, {"web": (FIVE, SIX)})
    assert _short(found) == [
        ("insert", "Queue"),
        ("insert", "Queue"),
        ("insert", "QoS"),
        ("update", "Port"),
    ]
    queue, _, qos, port = found
    assert queue["row"]["other_config"] == ["map", sorted(map(list, CONFIG.items()))]
    assert [number for number, _ in qos["row"]["queues"][1]] == [5, 6]
    assert port["row"]["qos"] == ["named-uuid", qos["uuid-name"]]


def test_what_is_right_is_written_nothing() -> None:
    assert queueing(DONE, {"web": (FIVE,)}) == ()
    assert queueing(DONE, {"iface-id=x": (FIVE,)}) == ()
    noted = _with(external_ids={"fsdn": "true", "fsdn-classes": "5:18"})
    assert queueing(noted, {"web": (FIVE,)}) == ()
    assert queueing(BRIDGE, {"away": (FIVE,)}) == ()


def test_a_changed_rate_changes_one_row() -> None:
    (only,) = queueing(DONE, {"web": (replace(FIVE, rate=10_000),)})
    assert (only["op"], only["table"]) == ("update", "Queue")
    assert only["where"] == [["_uuid", "==", ["uuid", "k"]]]
    assert not is_right(HELD, replace(FIVE, dscp=None))


def test_queues_come_and_go_one_by_one() -> None:
    come = queueing(DONE, {"web": (FIVE, SIX)})
    assert _short(come) == [("insert", "Queue"), ("mutate", "QoS")]
    gone = queueing(DONE, {"web": (SIX,)})
    assert _short(gone)[2:] == [("mutate", "QoS"), ("delete", "Queue")]
    assert gone[2]["mutations"] == [["queues", "delete", ["set", [5]]]]


def test_the_last_queue_takes_the_qos_along() -> None:
    found = queueing(DONE, {})
    assert _short(found) == [("update", "Port"), ("delete", "QoS"), ("delete", "Queue")]
    assert found[0]["row"] == {"qos": ["set", []]}


def test_what_others_made_is_left_alone() -> None:
    foreign = _with(external_ids={})
    assert queueing(foreign, {"web": (FIVE,)}) == queueing(foreign, {}) == ()
    theirs = Queue("t", {"max-rate": "1"})
    mixed = _with(queues={5: HELD, 6: theirs})
    assert queueing(mixed, {"web": (FIVE, SIX)}) == ()
    left = queueing(mixed, {})
    assert _short(left) == [("mutate", "QoS"), ("delete", "Queue")]
    assert queueing(_with(queues={6: theirs}), {}) == ()


def test_a_changed_qos_is_mended() -> None:
    (only,) = queueing(_with(config={"max-rate": "1"}), {"web": (FIVE,)})
    assert (only["table"], only["row"]["type"]) == ("QoS", "linux-htb")


def test_rows_of_ours_that_no_port_has_are_removed() -> None:
    found = queueing(replace(BRIDGE, strays=("u",)), {})
    assert _short(found) == [("delete", "QoS"), ("delete", "Queue")]


def test_ports_are_found_by_interface_and_by_external_id() -> None:
    bond = replace(BRIDGE.interfaces[1], port="bond0")
    bridge = replace(BRIDGE, interfaces=(bond,))
    assert at_ports(bridge, {"web": (FIVE,)}) == {"bond0": (FIVE,)}
    assert at_ports(bridge, {"iface-id=x": (FIVE,)}) == {"bond0": (FIVE,)}
    assert at_ports(bridge, {"away": (FIVE,), "iface-id=y": (FIVE,)}) == {}


def test_a_rate_beyond_what_a_device_is_told_is_cut() -> None:
    insert = queueing(BRIDGE, {"web": (replace(FIVE, rate=100_000_000),)})[0]
    assert ["max-rate", "32000000000"] in insert["row"]["other_config"][1]


def test_what_others_have_put_in_its_place_gives_way_when_asked() -> None:
    theirs = replace(QOS, external_ids={}, queues={})
    taken = replace(DONE, qos=(theirs,))
    assert queueing(taken, {"web": (FIVE,)}) == ()
    made = queueing(taken, {"web": (FIVE,)}, displacing=True)
    assert _short(made) == [("insert", "Queue"), ("insert", "QoS"), ("update", "Port")]
    assert queueing(taken, {}, displacing=True) == ()  # where nothing of ours belongs, it stays
    number = _with(queues={5: Queue("t", {"max-rate": "1"}, {})})
    assert queueing(number, {"web": (FIVE,)}) == ()
    cleared, queue, put = queueing(number, {"web": (FIVE,)}, displacing=True)
    assert cleared["mutations"] == [["queues", "delete", ["set", [5]]]]
    assert (queue["op"], put["mutations"][0][1]) == ("insert", "insert")

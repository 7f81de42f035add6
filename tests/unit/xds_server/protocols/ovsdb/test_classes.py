"""What the kernel is told to sort, and how much may wait."""

from dataclasses import replace

from tests.unit.xds_server.protocols.ovsdb.test_queueing import DONE, HELD, QOS
from xds_server.protocols.ovsdb.classes import Sorted, lengths, notes, ruleset, sorted_ports
from xds_server.protocols.ovsdb.qos import Queue

USERSPACE = replace(DONE, datapath="netdev")
PORT = Sorted("web", 1, QOS, {18: 5})
ROOM = 212_992


def _marked(uuid: str, mark: str) -> Queue:
    return Queue(uuid, {}, {"fsdn": "true", "fsdn-dscp": mark})


def test_ports_with_queues_of_ours_are_sorted_in_user_space_alone() -> None:
    assert sorted_ports([USERSPACE]) == (PORT,)
    assert sorted_ports([DONE]) == ()
    foreign = replace(QOS, external_ids={})
    assert sorted_ports([replace(USERSPACE, qos=(foreign,))]) == ()


def test_a_device_that_is_away_or_named_oddly_is_left_out() -> None:
    web = USERSPACE.interfaces[1]
    for odd in (replace(web, ofport=0), replace(web, name='a"b'), replace(web, kind="dpdk")):
        assert sorted_ports([replace(USERSPACE, interfaces=(odd,))]) == ()


def test_the_first_queue_has_a_mark_and_others_queues_have_none() -> None:
    queues = {7: _marked("a", "18"), 5: _marked("b", "18"), 6: _marked("c", "8"), 9: Queue("d")}
    (port,) = sorted_ports([replace(USERSPACE, qos=(replace(QOS, queues=queues),))])
    assert port.queues == {8: 6, 18: 5}
    odd = {5: _marked("b", "x")}
    assert sorted_ports([replace(USERSPACE, qos=(replace(QOS, queues=odd),))])[0].queues == {}


def test_rules_replace_all_that_was_ours() -> None:
    text = ruleset([PORT])
    begin = "table netdev fsdn_queues\ndelete table netdev fsdn_queues\ntable netdev fsdn_queues {"
    assert text.startswith(begin)
    assert 'hook egress device "web" priority 0' in text
    assert "    ip dscp 18 meta priority set 1:6\n    ip6 dscp 18 meta priority set 1:6\n" in text
    assert ruleset([]) == "table netdev fsdn_queues\ndelete table netdev fsdn_queues\n"


def test_queues_together_are_shorter_than_a_sockets_room() -> None:
    command = "qdisc replace dev web parent 1:6 handle 6: pfifo limit 32\n"
    assert lengths([PORT], ROOM) == command
    many = [replace(PORT, device=f"p{n}") for n in range(10)]
    text = lengths(many, ROOM)
    assert text.count("limit 6\n") == 10  # 10 times 6 frames of 2304 bytes are two thirds
    assert "limit 2\n" in lengths(many * 100, ROOM)
    assert lengths([], ROOM) == ""


def test_what_is_sorted_is_noted_once() -> None:
    gone, come = notes(PORT, "")
    assert gone["mutations"][0][1] == "delete"
    assert come["mutations"] == [["external_ids", "insert", ["map", [["fsdn-classes", "5:18"]]]]]
    noted = replace(QOS, external_ids={"fsdn": "true", "fsdn-classes": "5:18"})
    assert notes(replace(PORT, qos=noted), "") == ()
    _, trouble = notes(replace(PORT, qos=noted), "nft is not installed")
    pairs = trouble["mutations"][0][2]
    assert pairs == ["map", [["fsdn-trouble", "nft is not installed"]]]


def test_a_note_of_ours_is_no_news() -> None:
    noted = replace(QOS, external_ids={"fsdn": "true", "fsdn-classes": "5:18"}, queues={5: HELD})
    assert sorted_ports([replace(USERSPACE, qos=(noted,))]) == (PORT,)

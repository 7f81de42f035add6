from xds_server.protocols.workers.gathering import Gathering
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Evidence,
    Warned,
)


def without_warnings(evidence: list[Evidence]) -> list[Evidence]:
    return [one for one in evidence if not isinstance(one, Warned)]


WEB = Device(DeviceKind.PROXY, "web-1")


def test_a_device_is_connected_until_its_last_stream_anywhere_ends() -> None:
    found = Gathering(64, 1000)
    first, second = Connected(WEB, 1.0, "at 1"), Connected(WEB, 2.0, "at 2")
    assert found.heard(1, first) == [first]
    assert without_warnings(found.heard(2, second)) == []
    assert without_warnings(found.heard(2, Disconnected(WEB, 3.0))) == []
    assert found.heard(1, Disconnected(WEB, 4.0, "bye")) == [Disconnected(WEB, 4.0, "bye")]


def test_when_the_first_goes_the_other_speaks_for_it() -> None:
    found = Gathering(64, 1000)
    found.heard(1, Connected(WEB, 1.0, "at 1"))
    found.heard(2, Connected(WEB, 2.0, "at 2"))
    left = found.heard(1, Disconnected(WEB, 3.0))
    assert without_warnings(left) == [Connected(WEB, 3.0, "at 2")]
    again = Connected(WEB, 4.0, "at 2, known")
    assert found.heard(2, again) == [again]
    assert found.heard(2, Disconnected(WEB, 5.0)) == [Disconnected(WEB, 5.0)]


def test_other_evidence_passes_as_it_is() -> None:
    found = Gathering(64, 1000)
    acked = Acked(WEB, "t", "v", 1.0)
    assert found.heard(2, acked) == [acked]


def test_a_worker_that_is_lost_takes_its_streams_along() -> None:
    found = Gathering(64, 1000)
    other = Device(DeviceKind.PROXY, "web-2")
    found.heard(1, Connected(WEB, 1.0))
    found.heard(1, Connected(other, 1.0))
    found.heard(2, Connected(WEB, 2.0, "at 2"))
    found.counted(1, "web-1", 2)
    found.counted(1, "web-2", 1)
    found.counted(2, "web-1", 1)
    assert found.streams == 4
    evidence, allowed = found.lost(1, 5.0, "its worker is gone")
    assert without_warnings(evidence) == [
        Connected(WEB, 5.0, "at 2"),
        Disconnected(other, 5.0, "its worker is gone"),
    ]
    assert allowed == []
    assert found.streams == 1


def test_a_node_and_all_of_them_have_limits() -> None:
    found = Gathering(2, 3)
    assert found.counted(1, "web-1", 1) == []
    assert found.counted(2, "web-1", 1) == [("web-1", {1: 1, 2: 1})]
    assert found.counted(1, "web-2", 1) == [("", {1: 2, 2: 1})]
    assert found.counted(1, "web-1", 0) == [("web-1", {1: 2, 2: 2})]
    assert found.counted(1, "web-2", 0) == [("", {1: 3, 2: 3})]
    assert found.streams == 1


def test_what_a_lost_worker_held_is_free() -> None:
    found = Gathering(2, 2)
    found.counted(1, "web-1", 1)
    found.counted(2, "web-1", 1)
    evidence, allowed = found.lost(1, 1.0, "")
    assert evidence == []
    assert allowed == [("", {2: 2}), ("web-1", {2: 2})]
    assert found.streams == 1


def warnings(evidence: list[Evidence]) -> list[str]:
    return [one.warning for one in evidence if isinstance(one, Warned)]


def test_clients_that_share_a_node_id_are_told_of_wherever_they_are() -> None:
    found = Gathering(64, 1000)
    topic = "xds/node id"
    assert warnings(found.heard(1, Connected(WEB, 1.0))) == []
    assert warnings(found.heard(1, Warned(WEB, 2.0, "two of them", topic))) == ["two of them"]
    assert warnings(found.heard(2, Connected(WEB, 3.0))) == []  # it is known
    assert warnings(found.heard(1, Warned(WEB, 4.0, "", topic))) == []  # one here, one there
    assert warnings(found.heard(2, Disconnected(WEB, 5.0))) == [""]
    [text] = warnings(found.heard(2, Connected(WEB, 6.0)))
    assert "clients at 2 workers call themselves web-1" in text
    assert warnings(found.lost(1, 7.0, "")[0]) == [""]
    other = Warned(WEB, 8.0, "slow", "xds/Cluster")
    assert found.heard(1, other) == [other]

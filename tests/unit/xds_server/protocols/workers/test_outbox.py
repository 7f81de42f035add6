from tests.unit.xds_server.protocols.workers.test_news import CHECKED, ENTRY, LOAD, WEB
from xds_server.protocols.reports.health import Health
from xds_server.protocols.reports.loads import LoadReport
from xds_server.protocols.workers.framing import FROM_WORKER, Frames
from xds_server.protocols.workers.news import (
    NEWS,
    Answer,
    Found,
    Heard,
    Listening,
    Loaded,
    Logged,
    Measured,
    News,
)
from xds_server.protocols.workers.outbox import Outbox
from xds_server.snapshots.evidence import Acked, Connected, Device, DeviceKind, Offered


def taken(outbox: Outbox) -> list[News]:
    return [NEWS.decode(frame) for frame in Frames(FROM_WORKER).feed(outbox.take())]


def test_everything_is_told_once_and_wakes_the_writer() -> None:
    woken: list[int] = []
    outbox = Outbox(lambda: woken.append(1))
    outbox.hear(Connected(WEB, 1.0))
    outbox.count("web-1", 1)
    outbox.count("web-1", 2)
    outbox.log([ENTRY])
    outbox.load("web-1", LoadReport("web-1", (("c", "z", LOAD),)))
    outbox.measure("web-1", 2)
    outbox.measure("web-1", 3)
    outbox.say(Answer(1, "", b"x"))
    assert len(woken) == 8
    assert taken(outbox) == [
        Heard((Connected(WEB, 1.0),), (("web-1", 2),)),
        Logged((ENTRY,)),
        Loaded("web-1", (("c", "z", LOAD),)),
        Measured((("web-1", 5),)),
        Answer(1, "", b"x"),
    ]
    assert outbox.take() == b""


def test_evidence_keeps_its_order() -> None:
    outbox = Outbox(lambda: None)
    given = [
        kind(WEB, "t", f"v{number}", float(number))
        for number in range(50)
        for kind in (Offered, Acked)
    ]
    for one in given:
        outbox.hear(one)
    assert taken(outbox) == [Heard(tuple(given))]


def test_where_nobody_listens_the_latest_of_each_kind_is_kept_in_order() -> None:
    outbox = Outbox(lambda: None, most_evidence=11)
    other = Device(DeviceKind.PROXY, "web-2")
    outbox.hear(Connected(other, 0.0))
    outbox.hear(Acked(WEB, "t", "v", 0.0))  # as late as the last of its kind
    for number in range(100):
        outbox.hear(Offered(WEB, "t", f"v{number}", float(number)))
        outbox.hear(Acked(WEB, "t", f"v{number}", number + 0.5))
    [heard] = taken(outbox)
    assert isinstance(heard, Heard)
    found = heard.evidence
    assert len(found) <= 12
    assert found[0] == Connected(other, 0.0)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert found[-2:] == (Offered(WEB, "t", "v99", 99.0), Acked(WEB, "t", "v99", 99.5))


def test_entries_beyond_the_most_are_counted() -> None:
    outbox = Outbox(lambda: None, most_entries=2)
    outbox.log([ENTRY] * 5)
    assert taken(outbox) == [Logged((ENTRY, ENTRY), 3)]
    outbox.log([ENTRY])
    assert taken(outbox) == [Logged((ENTRY,), 0)]


def test_many_entries_are_several_frames() -> None:
    outbox = Outbox(lambda: None)
    outbox.log([ENTRY] * 1500)
    assert [len(one.entries) for one in taken(outbox) if isinstance(one, Logged)] == [1000, 500]


def test_of_what_a_node_found_the_latest_is_told() -> None:
    outbox = Outbox(lambda: None)
    outbox.found("web-1", {CHECKED: Health.HEALTHY}, 1.0)
    outbox.found("web-1", {CHECKED: Health.UNHEALTHY}, 2.0, settled=False)
    outbox.found("web-2", None, 3.0)
    assert taken(outbox) == [
        Found("web-1", 2.0, False, ((CHECKED, Health.UNHEALTHY),)),
        Found("web-2", 3.0, True, None),
    ]
    assert outbox.take() == b""


def test_a_node_that_left_has_no_load() -> None:
    outbox = Outbox(lambda: None)
    outbox.load("web-1", LoadReport("web-1", ()))
    outbox.load("web-1", None)
    outbox.say(Listening(1))
    assert taken(outbox) == [Loaded("web-1", None), Listening(1)]

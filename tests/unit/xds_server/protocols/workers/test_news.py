import pytest

from xds_server.protocols.reports.entries import Entry, Outcome
from xds_server.protocols.reports.health import Checked, Health
from xds_server.protocols.reports.loads import Load
from xds_server.protocols.workers.framing import Frame, FrameError, Frames
from xds_server.protocols.workers.news import (
    NEWS,
    Answer,
    Ask,
    Failed,
    Found,
    Heard,
    Listening,
    Loaded,
    Logged,
    Measured,
    News,
    checked_row,
    entry_row,
    evidence_of,
    evidence_row,
    load_row,
)
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Evidence,
    Nacked,
    Offered,
    Warned,
)

WEB = Device(DeviceKind.PROXY, "web-1")
EVIDENCE = [
    Connected(WEB, 1.5, "here", "spiffe://net/proxy/web-1"),
    Offered(WEB, "type", "v1", 2.5),
    Acked(WEB, "type", "v1", 3.5, 2),
    Nacked(WEB, "type", "v2", 4.5, "why", "name", "f.yaml:1"),
    Warned(WEB, 5.5, "slow", "xds/Cluster"),
    Disconnected(WEB, 6.5, "gone"),
]
ENTRY = Entry(1.0, "web-1", Outcome.DENIED, "10.0.0.1", 1, "10.0.0.2", 80, rule="shop/a[0]")
CHECKED = Checked("shop", "10.0.0.1", 80)
LOAD = Load(1.0, 10.0, 5, 4, 1, 0, 2)


def sent(news: News) -> News:
    [frame] = Frames(10_000).feed(NEWS.encode(news))
    return NEWS.decode(frame)


@pytest.mark.parametrize("evidence", EVIDENCE, ids=lambda one: type(one).__name__)
def test_evidence_comes_back(evidence: Evidence) -> None:
    assert evidence_of(list(evidence_row(evidence))) == evidence


def test_evidence_keeps_its_order_in_a_batch() -> None:
    rows = tuple(evidence_row(one) for one in EVIDENCE)
    assert sent(Heard(rows, (("web-1", 1),))) == Heard(tuple(EVIDENCE), (("web-1", 1),))


def test_reports_come_back_as_values() -> None:
    assert sent(Logged((entry_row(ENTRY),), 3)) == Logged((ENTRY,), 3)
    row = load_row("cluster", "zone", LOAD)
    assert sent(Loaded("web-1", (row,))) == Loaded("web-1", (("cluster", "zone", LOAD),))
    assert sent(Loaded("web-1", None)) == Loaded("web-1", None)
    found = checked_row(CHECKED, Health.UNHEALTHY)
    told = sent(Found("web-1", 1.0, True, (found,)))
    assert told == Found("web-1", 1.0, True, ((CHECKED, Health.UNHEALTHY),))
    assert sent(Found("web-1", 1.0, False, None)) == Found("web-1", 1.0, False, None)


@pytest.mark.parametrize(
    "news",
    [
        Listening(18000, "no Landlock"),
        Failed("why"),
        Measured((("web-1", 3),)),
        Ask(1, None, b"request"),
        Ask(1, ("web-1",), b""),
        Answer(1, "", b"response"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_other_news_come_back(news: News) -> None:
    assert sent(news) == news


@pytest.mark.parametrize(
    "row",
    [
        [],
        "acked",
        ["acked"],
        ["acked", "web-1"],
        ["acked", "web-1", "type", "v", 1.0, "2"],
        ["acked", "web-1", "type", "v", 1.0, True],
        ["acked", 1, "type", "v", 1.0, 2],
        ["ports", "web-1", 1.0, {}],
        [["acked"], "web-1"],
    ],
)
def test_evidence_of_another_form_is_refused(row: object) -> None:
    with pytest.raises(FrameError):
        evidence_of(row)


def test_unknown_health_is_refused() -> None:
    row = [*checked_row(CHECKED, Health.UNHEALTHY)[:3], 99]
    with pytest.raises(FrameError, match="unknown health"):
        NEWS.decode(Frame(["Found", "web-1", 1.0, True, [row]]))


def test_an_unknown_outcome_is_refused() -> None:
    row = list(entry_row(ENTRY))
    row[2] = "LOST"
    with pytest.raises(FrameError, match="unknown outcome"):
        NEWS.decode(Frame(["Logged", [row], 0]))

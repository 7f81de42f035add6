import pytest

from tests.unit.xds_server.protocols.reports.test_health import BAD, GOOD, A, B, specifier
from xds_server.protocols.reports.health import Assignment
from xds_server.protocols.reports.health_table import HealthTable
from xds_server.protocols.workers.checks import ToldChecks, assign_of
from xds_server.protocols.workers.commands import COMMANDS, Assign
from xds_server.protocols.workers.framing import FROM_CONTROLLER, FROM_WORKER, FrameError, Frames
from xds_server.protocols.workers.news import NEWS, Found, News
from xds_server.protocols.workers.outbox import Outbox


def told(table: HealthTable, worker: ToldChecks) -> None:
    [frame] = Frames(FROM_CONTROLLER).feed(COMMANDS.encode(assign_of(table)))
    command = COMMANDS.decode(frame)
    assert isinstance(command, Assign)
    worker.told(command)


def news(outbox: Outbox) -> list[News]:
    return [NEWS.decode(frame) for frame in Frames(FROM_WORKER).feed(outbox.take())]


def test_every_node_is_told_at_a_worker_what_the_controller_says() -> None:
    table, worker = HealthTable(), ToldChecks(Outbox(lambda: None))
    heard: list[bytes] = []
    worker.watch(lambda: heard.append(worker.assigned("web-1").specifier))
    told(table, worker)
    assert heard == [], "there was nothing to say"
    both = Assignment(specifier(A, B), 4.5)
    table.assign({"web-1": both, "web-2": Assignment()}, Assignment(specifier(A), 1.0))
    told(table, worker)
    assert heard == [both.specifier]
    for node in ("web-1", "web-2", "any"):
        assert worker.assigned(node) == table.assigned(node)
    table.assign({})
    told(table, worker)
    assert worker.assigned("web-1") == worker.assigned("any") == Assignment()


def test_a_worker_passes_on_what_was_asked_for_and_keeps_nothing() -> None:
    outbox = Outbox(lambda: None)
    worker = ToldChecks(outbox)
    worker.assign({"web-1": Assignment(specifier(A))})
    worker.take("web-1", {A: BAD, B: BAD}, 1.0, settled=False)
    worker.take("web-2", {A: GOOD}, 2.0)
    assert news(outbox) == [
        Found("web-1", 1.0, False, ((A, BAD),)),
        Found("web-2", 2.0, True, ()),
    ]
    worker.forget("web-1", 3.0, 63.0)
    assert news(outbox) == [Found("web-1", 3.0, True, None)]
    assert (worker.rows(), worker.unhealthy) == ((), frozenset())


def test_bytes_that_do_not_fit_are_refused() -> None:
    worker = ToldChecks(Outbox(lambda: None))
    with pytest.raises(FrameError, match="3 bytes of checks, 2 expected"):
        worker.told(Assign((("web-1", 0.0, 2),), b"\x0a\x00\x0a"))

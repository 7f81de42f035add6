from xds_server.protocols.workers.commands import Answers, Query
from xds_server.protocols.workers.news import Answer, Ask
from xds_server.protocols.workers.queries import Queries


def test_all_others_answer_and_the_asker_is_told_once() -> None:
    queries = Queries()
    query = queries.asked(1, Ask(7, ("web-1",), b"?"), [2, 3])
    assert query == Query(1, ("web-1",), b"?")
    queries.answered(2, Answer(1, "", b"a"))
    assert queries.settled() == []
    queries.answered(3, Answer(1, "", b"b"))
    assert queries.settled() == [(1, Answers(7, "", b"ab"))]
    assert queries.settled() == []


def test_a_lone_worker_is_answered_at_once() -> None:
    queries = Queries()
    queries.asked(1, Ask(7, None, b"?"), [])
    assert queries.settled() == [(1, Answers(7, "", b""))]


def test_a_worker_that_is_lost_holds_nobody_up_and_asks_nothing() -> None:
    queries = Queries()
    queries.asked(1, Ask(7, None, b"?"), [2])
    queries.asked(2, Ask(8, None, b"?"), [1])
    queries.lost(2)
    assert queries.settled() == [(1, Answers(7, "", b""))]


def test_an_error_is_passed_on() -> None:
    queries = Queries()
    queries.asked(1, Ask(7, None, b"?"), [2, 3])
    queries.answered(2, Answer(1, "too much", b""))
    queries.answered(3, Answer(1, "", b"b"))
    assert queries.settled() == [(1, Answers(7, "too much", b"b"))]


def test_answers_that_nobody_waits_for_are_ignored() -> None:
    queries = Queries()
    queries.asked(1, Ask(7, None, b"?"), [2])
    queries.answered(3, Answer(1, "", b"forged"))
    queries.answered(2, Answer(9, "", b"late"))
    assert queries.settled() == []

"""An OVSDB session as a conversation."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.xds_server.protocols.ovsdb.test_mirror import BRIDGE, UPDATES
from xds_server.protocols.ovsdb.connection import (
    Answered,
    Close,
    Described,
    Effect,
    OvsdbConnection,
    Send,
    Settings,
)
from xds_server.protocols.ovsdb.mirror import WATCHED


def _sent(effects: Iterable[Effect]) -> list[dict[str, Any]]:
    return [json.loads(effect.data) for effect in effects if isinstance(effect, Send)]


class Database:
    """The other end: every call is one message to the controller."""

    def __init__(self) -> None:
        self.connection = OvsdbConnection(Settings(), 100.0)
        (self.monitor,) = _sent(self.connection.open())

    def says(self, **message: object) -> list[Effect]:
        return self.connection.receive(json.dumps(message).encode(), 100.0)

    def watched(self) -> list[Effect]:
        return self.says(id=self.monitor["id"], result=UPDATES, error=None)


def test_it_asks_to_watch_the_columns_it_needs() -> None:
    database, _cookie, tables = Database().monitor["params"]
    assert database == "Open_vSwitch"
    assert {table: tuple(t["columns"]) for table, t in tables.items()} == WATCHED


def test_bridges_are_described_when_they_change_and_only_then() -> None:
    database = Database()
    assert database.watched() == [Described((BRIDGE,))]
    unchanged = {"Port": UPDATES["Port"]}
    assert database.says(id=None, method="update", params=[None, unchanged]) == []
    gone = {"Bridge": {"b": {"old": {}}}}
    assert database.says(id=None, method="update", params=[None, gone]) == [Described(())]


def test_an_echo_is_answered_and_other_requests_are_refused() -> None:
    database = Database()
    (echo,) = _sent(database.says(id="echo", method="echo", params=["x", 1]))
    assert echo == {"id": "echo", "result": ["x", 1], "error": None}
    (refusal,) = _sent(database.says(id=4, method="steal", params=[]))
    assert refusal["error"] == "unknown method"
    assert database.says(id=None, method="locked", params=["l"]) == []


def test_silence_is_probed_and_then_ended() -> None:
    database = Database()
    database.watched()
    (probe,) = _sent(database.connection.tick(106.0))
    assert probe["method"] == "echo"
    assert database.connection.tick(120.0) == []
    database.connection.receive(b"", 120.5)
    assert database.connection.tick(121.0) == []
    database.connection.tick(126.0)
    assert database.connection.tick(142.0) == [Close("no answer to an echo request")]
    assert database.connection.tick(999.0) == []


def test_who_never_answers_the_monitor_is_left() -> None:
    (end,) = Database().connection.tick(110.1)
    assert isinstance(end, Close)
    assert "within 10 s" in end.reason


def test_a_refused_monitor_ends_the_session() -> None:
    database = Database()
    (end,) = database.says(id=database.monitor["id"], result=None, error="unknown database")
    assert isinstance(end, Close)
    assert "unknown database" in end.reason


def test_a_transaction_returns_its_results_or_its_first_error() -> None:
    database = Database()
    (request,) = _sent(database.connection.transact(7, [{"op": "comment", "comment": "hi"}]))
    assert request["params"] == ["Open_vSwitch", {"op": "comment", "comment": "hi"}]
    assert database.says(id=7, result=[{}], error=None) == [Answered(7, ({},))]
    database.connection.transact(8, [{}])
    failed = [None, {"error": "constraint violation", "details": "no such row"}]
    (answer,) = database.says(id=8, result=failed, error=None)
    assert isinstance(answer, Answered)
    assert answer.error == "constraint violation: no such row"
    assert database.says(id=8, result=[], error=None) == []


def test_a_transaction_after_the_end_is_answered_at_once() -> None:
    database = Database()
    database.connection.over = True
    (answer,) = database.connection.transact(1, [])
    assert isinstance(answer, Answered)
    assert "has ended" in answer.error


@pytest.mark.parametrize("message", [b"[]", b'{"id":1}', b'{"method":"update","params":[0,[]]}'])
def test_a_broken_protocol_ends_the_session(message: bytes) -> None:
    connection = Database().connection
    (end,) = connection.receive(message, 100.0)
    assert isinstance(end, Close)
    assert end.reason.startswith("the database server broke the OVSDB protocol: ")
    assert connection.receive(b"{}", 101.0) == []


JSON = st.none() | st.integers() | st.text("ab", max_size=4) | st.lists(st.integers(), max_size=3)
IDENTITIES = JSON | st.just("fsdn-monitor") | st.just(7)
METHODS = st.sampled_from(["update", "echo", "x"]) | JSON


@given(
    message=st.fixed_dictionaries(
        {},
        optional={
            "id": IDENTITIES,
            "method": METHODS,
            "params": JSON,
            "result": JSON,
            "error": JSON,
        },
    )
)
def test_hostile_messages_close_the_session_at_worst(message: dict[str, Any]) -> None:
    database = Database()
    database.connection.transact(7, [])
    effects = database.says(**message)
    assert database.connection.over == any(isinstance(effect, Close) for effect in effects)

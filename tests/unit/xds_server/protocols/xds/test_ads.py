import pytest

from tests.conversations.xds.responses import cluster, endpoints, listener, sotw_request
from tests.conversations.xds.stream import Talk
from xds_server.protocols.xds.ads import Dialect, Limits, XdsStream
from xds_server.protocols.xds.effects import Close, Effect
from xds_server.protocols.xds.heartbeat import BeatingWatch
from xds_server.protocols.xds.offer import Target
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER
from xds_server.protocols.xds.wire import DeltaRequest
from xds_server.snapshots.evidence import Warned

both = pytest.mark.parametrize("dialect", list(Dialect))


@both
def test_nothing_is_said_before_a_snapshot_is_known(dialect: Dialect) -> None:
    it = Talk(dialect)
    assert it.ask(LISTENER) == []
    assert it.effects == []
    assert len(it.publish(listener("a"))) == 1


@both
def test_equal_content_is_not_news(dialect: Dialect) -> None:
    it = Talk(dialect)
    it.publish(listener("a"))
    it.ack(it.ask(LISTENER)[0])
    it.publish(listener("a"))
    assert it.effects == []


@both
def test_unknown_types_are_answered_and_the_stream_lives(dialect: Dialect) -> None:
    it = Talk(dialect)
    it.publish(listener("a"))
    [response] = it.ask("type.googleapis.com/acme.Odd", "one", "two")
    assert response.bodies == {}
    assert len(response.errors) == 2
    assert "not served" in response.errors[0]
    [warned] = it.evidence(Warned)
    assert "acme.Odd" in warned.warning
    assert it.ack(response, *(("one", "two") if dialect is Dialect.SOTW else ())) == []
    assert len(it.ask(LISTENER)) == 1


@both
def test_a_stream_of_one_type_needs_no_url_and_takes_no_other(dialect: Dialect) -> None:
    it = Talk(dialect, only=ENDPOINT)
    it.publish(endpoints("a"))
    assert len(it.ask("", "a")) == 1
    it.ask(LISTENER)
    [close] = it.effects
    assert isinstance(close, Close)
    assert close.status == "INVALID_ARGUMENT"


def test_an_aggregated_stream_needs_a_url() -> None:
    it = Talk(Dialect.SOTW)
    it.ask("")
    assert it.effects[0].status == "INVALID_ARGUMENT"


@both
def test_limits(dialect: Dialect) -> None:
    it = Talk(dialect, limits=Limits(types=2, names=3))
    it.ask("x/a")
    it.ask("x/b")
    it.ask("x/c")
    assert "2 types" in it.effects[-1].message
    it.ask("x/a", "1", "2", "3", "4")
    assert "3 names" in it.effects[-1].message


def test_dialects_do_not_mix() -> None:
    it = Talk(Dialect.SOTW)
    with pytest.raises(TypeError):
        it.stream.receive(DeltaRequest(LISTENER), 0.0)


def test_a_stream_without_a_node_has_no_device() -> None:
    stream = XdsStream(Dialect.SOTW)
    assert stream.decode(sotw_request(LISTENER)).type_url == LISTENER
    with pytest.raises(RuntimeError, match="identify"):
        _ = stream.device


def test_time_is_wanted_only_while_something_depends_on_it() -> None:
    it = Talk(Dialect.DELTA)
    assert it.stream.wakes_at(it.now) is None
    it.publish(listener("a"))
    [response] = it.ask(LISTENER)
    assert it.stream.wakes_at(it.now) == it.now + Limits().patience
    it.ack(response)
    assert it.stream.wakes_at(it.now) is None


def test_a_new_stream_wants_time_for_what_is_gone_only_if_the_client_holds_it() -> None:
    it = Talk(Dialect.DELTA)
    it.publish(cluster("a"))
    [response] = it.ask(CLUSTER, initial={"gone": "v1"})
    assert it.stream.wakes_at(it.now) == it.now + Limits().grace
    it.ack(response)
    assert it.stream.wakes_at(it.now) == it.now + Limits().grace
    [removal] = it.wait(3)
    assert removal.removed == ("gone",)
    it.ack(removal)
    assert it.stream.wakes_at(it.now) is None


@both
def test_types_that_did_not_change_are_not_looked_at(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = Talk(dialect)
    it.wait(10)  # nothing is held back any more
    it.publish(cluster("a"), listener("a"))
    for url in (CLUSTER, LISTENER):
        it.ack(it.ask(url)[0])
    looked: list[str] = []
    advance = BeatingWatch.advance

    def seen(watch: BeatingWatch, target: Target, now: float) -> list[Effect]:
        looked.append(watch.type_url)
        return advance(watch, target, now)

    monkeypatch.setattr(BeatingWatch, "advance", seen)
    [response] = it.publish(cluster("a", 2), listener("a"))
    assert looked == [CLUSTER]
    it.ack(response)
    assert [watch.settled for watch in it.stream.watches] == [2, 2]

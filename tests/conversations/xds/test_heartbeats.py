"""Event in, effect out: resources with a time to live, and the heartbeats that keep them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conversations.xds.responses import Response, cluster, endpoints, listener
from tests.conversations.xds.stream import Talk
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.effects import Send
from xds_server.protocols.xds.protobuf import message, scan
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.evidence import Acked, Nacked
from xds_server.snapshots.model import Resource, snapshot_of

both = pytest.mark.parametrize("dialect", list(Dialect))
TTL = 9.5


def mortal(resource: Resource) -> Resource:
    return replace(resource, ttl=TTL, version="")


def times(it: Talk) -> list[object]:
    """The times to live in the last response, resource by resource; None where one has none."""
    [sent] = [effect for effect in it.effects if isinstance(effect, Send)]
    found: list[object] = []
    for key, value in scan(sent.data):
        if key == 2:
            fields = dict(scan(message(value)))
            if it.dialect is Dialect.SOTW:
                fields = dict(scan(message(fields[2])))
            found.append(dict(scan(message(fields[6]))) if 6 in fields else None)
    return found


def started(
    dialect: Dialect, *resources: Resource, names: tuple[str, ...]
) -> tuple[Talk, Response]:
    it = Talk(dialect)
    it.publish(*resources)
    [first] = it.ask(resources[0].type_url, *names)
    return it, first


def again(it: Talk, response: Response, *names: str) -> list[Response]:
    return it.ack(response, *(names if it.dialect is Dialect.SOTW else ()))


def spoken_of(beat: Response, dialect: Dialect) -> tuple[str, ...]:
    """What a heartbeat keeps; with bodies in state-of-the-world, where Envoy skips one without."""
    if dialect is Dialect.SOTW:
        assert beat.bodyless == ()
        return tuple(beat.bodies)
    assert beat.bodies == {}
    return beat.bodyless


def next_beat(it: Talk) -> Response:
    """Let time pass until something is sent; the stream wakes for other reasons too."""
    for _ in range(3):
        woken = it.stream.wakes_at(it.now)
        assert woken is not None
        if sent := it.wait(woken - it.now):
            return sent[0]
    raise AssertionError("no heartbeat")


@both
def test_heartbeats_keep_a_mortal_resource_alive(dialect: Dialect) -> None:
    it, first = started(dialect, mortal(endpoints("a")), endpoints("b"), names=("a", "b"))
    assert times(it) == [{1: 9, 2: 500_000_000}, None]
    assert set(first.bodies) == {"a", "b"}
    again(it, first, "a", "b")
    it.wait(2.5)
    for _ in range(3):
        beat = next_beat(it)
        assert spoken_of(beat, dialect) == ("a",)
        assert beat.version == first.version
        assert beat.versions == {"a": first.versions["a"]}
        assert again(it, beat, "a", "b") == []
        assert it.evidence(Nacked) == it.evidence(Acked) == [], "a heartbeat is no news"
    [changed] = it.publish(endpoints("a"), endpoints("b"))
    assert "a" in changed.bodies
    again(it, changed, "a", "b")
    assert it.stream.wakes_at(it.now) is None


def test_where_a_name_that_lacks_is_removed_the_heartbeat_holds_all() -> None:
    """Envoy takes a state-of-the-world answer without a cluster as the end of that cluster."""
    it, first = started(
        Dialect.SOTW, mortal(cluster("a", eds=False)), cluster("b", eds=False), names=()
    )
    it.ack(first)
    beat = next_beat(it)
    assert (set(beat.bodies), beat.bodyless) == ({"a", "b"}, ())
    assert beat.version == first.version
    assert it.ack(beat) == []


@both
def test_who_was_silent_for_too_long_is_sent_the_resource_again(dialect: Dialect) -> None:
    it, first = started(dialect, mortal(endpoints("a")), names=("a",))
    again(it, first, "a")
    beat = next_beat(it)
    it.wait(TTL)
    [whole] = again(it, beat, "a")
    assert set(whole.bodies) == {"a"}
    again(it, whole, "a")
    assert spoken_of(next_beat(it), dialect) == ("a",)


def test_a_heartbeat_during_a_change_waits_and_the_change_counts() -> None:
    it, first = started(Dialect.SOTW, mortal(endpoints("a")), names=("a",))
    [change] = it.ack(first, "a") or it.publish(mortal(endpoints("a", 7)))
    assert it.wait(5) == []
    [beat] = it.ack(change, "a")
    assert set(beat.bodies) == {"a"}
    assert beat.version == change.version != first.version


def test_over_a_reconnect_delta_beats_at_once() -> None:
    resource = mortal(endpoints("a"))
    it = Talk(Dialect.DELTA)
    it.publish(resource)
    [beat] = it.ask(ENDPOINT, "a", initial={"a": resource.version})
    assert beat.bodyless == ("a",)


def test_over_a_reconnect_sotw_is_sent_what_may_have_been_dropped() -> None:
    """The version that it claims does not tell whether the time of a resource has come."""
    resources = mortal(endpoints("a")), listener("l")
    it = Talk(Dialect.SOTW)
    it.publish(*resources)
    [whole] = it.ask(ENDPOINT, "a", version=snapshot_of(resources).version(ENDPOINT))
    assert set(whole.bodies) == {"a"}
    assert it.ask(CLUSTER) != []


def test_what_refuses_a_heartbeat_is_told_of_and_keeps_its_state() -> None:
    it, first = started(Dialect.SOTW, mortal(endpoints("a")), names=("a",))
    it.ack(first, "a")
    beat = next_beat(it)
    assert it.ask(ENDPOINT, "a", nonce=beat.nonce, version=first.version, error="no") == []
    assert len(it.evidence(Nacked)) == 1
    assert set(next_beat(it).bodies) == {"a"}

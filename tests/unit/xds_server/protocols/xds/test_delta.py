from dataclasses import replace

from tests.conversations.xds.responses import cluster, endpoints, listener, route
from tests.conversations.xds.stream import Talk
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.delta import DeltaWatch
from xds_server.protocols.xds.effects import Send
from xds_server.protocols.xds.offer import Target
from xds_server.protocols.xds.protobuf import put_text
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE, VIRTUAL_HOST
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.wire import DeltaRequest
from xds_server.snapshots.evidence import Acked, Device, DeviceKind, Nacked
from xds_server.snapshots.model import Resource, snapshot_of

WEB = Device(DeviceKind.PROXY, "web-1")


def talk(*resources) -> Talk:
    found = Talk(Dialect.DELTA)
    found.publish(*resources)
    return found


def test_absence_is_said_and_the_subscription_stays() -> None:
    it = talk()
    [response] = it.ask(ENDPOINT, "web")
    assert response.removed == ("web",)
    assert it.ack(response) == []
    [later] = it.publish(endpoints("web"))
    assert set(later.bodies) == {"web"}


def test_only_what_changed_is_sent() -> None:
    it = talk(listener("a"), listener("b"))
    [first] = it.ask(LISTENER)
    assert set(first.bodies) == {"a", "b"}
    it.ack(first)
    [second] = it.publish(listener("a"), listener("b", 1))
    assert set(second.bodies) == {"b"}
    it.ack(second)
    assert [e.written for e in it.evidence(Acked)] == [1]
    [third] = it.publish(listener("b", 1))
    assert (third.bodies, third.removed) == ({}, ("a",))


def test_a_wildcard_is_answered_even_with_nothing() -> None:
    it = talk()
    [response] = it.ask(LISTENER)
    assert (response.bodies, response.removed) == ({}, ())
    assert it.ack(response) == []


def test_initial_versions_that_are_current_are_not_sent_again() -> None:
    a, b = listener("a"), listener("b")
    it = talk(a, b)
    versions = {"a": a.version, "b": "old", "gone": "old"}
    [response] = it.ask(LISTENER, initial=versions)
    assert (set(response.bodies), response.removed) == ({"b"}, ("gone",))
    again = talk(a, b)
    assert again.ask(LISTENER, initial={"a": a.version, "b": b.version}) == []
    assert [e.written for e in again.evidence(Acked)] == [0]


def test_subscribing_again_is_answered_again() -> None:
    it = talk(endpoints("a"))
    [first] = it.ask(ENDPOINT, "a")
    it.ack(first)
    [second] = it.ask(ENDPOINT, "a")
    assert set(second.bodies) == {"a"}


def test_subscribing_again_during_flight_is_answered_after_it() -> None:
    it = talk(endpoints("a"))
    [first] = it.ask(ENDPOINT, "a")
    assert it.ask(ENDPOINT, "a") == []
    [second] = it.ack(first)
    assert set(second.bodies) == {"a"}
    assert it.ack(second) == []


def test_a_stale_nonce_keeps_its_subscription_changes() -> None:
    it = talk(endpoints("a"), endpoints("b"))
    [first] = it.ask(ENDPOINT, "a")
    it.ack(first)
    [second] = it.ask(ENDPOINT, "b", nonce=first.nonce)
    assert set(second.bodies) == {"b"}


def test_a_wildcard_client_that_drops_a_name_is_told_its_state() -> None:
    it = talk(listener("a"))
    [first] = it.ask(LISTENER, "*", "a", "none")
    it.ack(first)
    [second] = it.ask(LISTENER, unsubscribe=("a", "none"))
    assert (set(second.bodies), second.removed) == ({"a"}, ("none",))


def test_dropping_the_wildcard_keeps_the_names() -> None:
    it = talk(listener("a"), listener("b"))
    [first] = it.ask(LISTENER, "*", "a")
    it.ack(first)
    assert it.ask(LISTENER, unsubscribe=("*",)) == []
    [second] = it.publish(listener("a", 1), listener("b", 1))
    assert set(second.bodies) == {"a"}


def test_what_arrives_between_two_wildcards_is_not_forgotten() -> None:
    it = talk(listener("b"))
    [first] = it.ask(LISTENER)
    it.ask(LISTENER, unsubscribe=("*",))
    it.ask(LISTENER, "*")
    it.publish()
    [second] = it.ack(first)
    assert second.removed == ("b",)


def test_what_was_refused_does_not_hold_up_the_rest() -> None:
    it = talk(cluster("a", eds=False), cluster("b", eds=False))
    [first] = it.ask(CLUSTER)
    [half] = it.nack(first, "one of them is bad")
    assert set(half.bodies) == {"a"}
    assert it.evidence(Nacked) == []
    it.publish(*(cluster(name, eds=False) for name in "abc"))
    [new] = it.ack(half)
    assert set(new.bodies) == {"c"}
    [nacked] = it.evidence(Nacked)
    assert (nacked.resource, nacked.reason) == ("b", "one of them is bad")
    assert it.ack(new) == []
    [nacked] = it.evidence(Nacked)  # the new snapshot is not accepted as a whole either
    assert nacked.resource == "b"
    [mended] = it.publish(cluster("a", eds=False), cluster("b", 1, eds=False))
    assert set(mended.bodies) == {"b"}  # "c" is still needed by routes that have not moved
    it.ack(mended)
    [last] = it.wait(3)
    assert last.removed == ("c",)


def test_the_latest_wins() -> None:
    it = talk(route("r", "a"))
    [first] = it.ask(ROUTE, "r")
    assert it.publish(route("r", "b")) == []
    assert it.publish(route("r", "c")) == []
    [second] = it.ack(first)
    assert second.bodies == {"r": route("r", "c").body}


def holding(*resources: Resource) -> DeltaWatch:
    """A watch of all of a type, whose client has acknowledged these."""
    url = resources[0].type_url
    watch = DeltaWatch(url, WEB, patience=20.0)
    watch.receive(DeltaRequest(url), 0.0)
    [sent, _] = watch.advance(Target(1, snapshot_of(resources), retain=False), 0.0)
    assert isinstance(sent, Send)
    watch.receive(DeltaRequest(url, nonce=sent.nonce), 0.0)
    return watch


def test_missing_is_what_is_refused_without_an_earlier_version() -> None:
    watch = holding(cluster("kept"), cluster("gone"))
    newer = Target(2, snapshot_of([cluster("kept", 9), cluster("new")]), retain=False)
    [sent, _] = watch.advance(newer, 0.0)
    assert isinstance(sent, Send)
    assert watch.missing == frozenset()  # before any refusal nobody looks
    watch.receive(DeltaRequest(CLUSTER, nonce=sent.nonce, error="no"), 0.0)
    watch.advance(newer, 0.0)
    assert watch.missing == {"new"}


def test_what_nobody_has_is_not_missing() -> None:
    watch = DeltaWatch(ENDPOINT, WEB, patience=20.0)
    watch.receive(DeltaRequest(ENDPOINT, ("absent", "new")), 0.0)
    target = Target(1, snapshot_of([endpoints("new")]), retain=False)
    [sent, _] = watch.advance(target, 0.0)
    assert isinstance(sent, Send)
    watch.receive(DeltaRequest(ENDPOINT, nonce=sent.nonce, error="no"), 0.0)
    watch.advance(target, 0.0)
    assert watch.missing == {"new"}


def test_who_is_not_sent_all_may_hold_what_is_gone() -> None:
    watch = holding(listener("a"))
    newer = Resource(LISTENER, "a", put_text(1, "web"))
    lacking = Target(2, snapshot_of([newer]), retain=False, missing=frozenset({"web"}))
    assert watch.advance(lacking, 0.0) == []
    assert watch.surplus
    [sent, _] = watch.advance(replace(lacking, missing=frozenset()), 0.0)
    assert isinstance(sent, Send)
    assert not watch.surplus


def test_of_virtual_hosts_that_nobody_named_is_spoken_once() -> None:
    it = talk(route("shop", "web"))
    [response] = it.ask(VIRTUAL_HOST)
    assert (response.bodies, response.removed) == ({}, ("shop/",))
    assert it.ack(response) == []
    assert it.publish(route("shop", "web"), route("other", "web")) == []


OF = "xdstp://a.example/envoy.config.listener.v3.Listener/shop"


def test_what_is_on_demand_is_in_no_collection() -> None:
    it = talk(listener(f"{OF}/a"), replace(listener(f"{OF}/rare"), on_demand=True))
    [response] = it.ask(LISTENER, f"{OF}/*")
    assert set(response.bodies) == {f"{OF}/a"}


def test_a_collection_beside_all_else_takes_nothing_away() -> None:
    it = talk(listener("plain"), listener(f"{OF}/a"))
    [response] = it.ask(LISTENER, "*", f"{OF}/*")
    assert set(response.bodies) == {"plain", f"{OF}/a"}
    it.ack(response)
    [later] = it.publish(listener("plain"), listener(f"{OF}/a", 1))
    assert (set(later.bodies), later.removed) == ({f"{OF}/a"}, ())
    it.ack(later)
    assert it.wait(3) == []


def test_virtual_hosts_for_all_are_sent_before_anything_is_named() -> None:
    host = Resource(VIRTUAL_HOST, "shop/web", b"web")
    [response] = talk(route("shop", "web"), host).ask(VIRTUAL_HOST)
    assert (set(response.bodies), response.removed) == ({"shop/web"}, ())


def test_who_asks_again_during_flight_is_not_taken_for_another_who_did_not() -> None:
    """Both are sent the same, and what the one has learned by its word may serve the other."""
    shared, target = (
        Shared(),
        Target(1, snapshot_of([endpoints("a"), endpoints("b")]), retain=False),
    )
    one, other = (DeltaWatch(ENDPOINT, WEB, 20.0, shared) for _ in range(2))
    offers = []
    for watch in (one, other):
        watch.receive(DeltaRequest(ENDPOINT, ("a", "b")), 0.0)
        [sent, _] = watch.advance(target, 0.0)
        assert isinstance(sent, Send)
        offers.append(sent.nonce)
    one.receive(DeltaRequest(ENDPOINT, ("a",)), 0.0)
    for watch, nonce in zip((one, other), offers, strict=True):
        watch.receive(DeltaRequest(ENDPOINT, nonce=nonce), 0.0)
    [again, _] = one.advance(target, 0.0)
    assert isinstance(again, Send)
    assert other.known == {name: endpoints(name).version for name in ("a", "b")}


def test_what_is_gone_is_forgotten_once_all_have_heard_it() -> None:
    watch = holding(listener("a"), listener("b"))
    fewer = Target(2, snapshot_of([listener("a")]), retain=False)
    [sent, _] = watch.advance(fewer, 0.0)
    assert isinstance(sent, Send)
    watch.receive(DeltaRequest(LISTENER, nonce=sent.nonce), 0.0)
    assert watch.known.keys() == {"a"}


def test_what_is_dropped_during_flight_is_not_known_after_it() -> None:
    watch = DeltaWatch(ENDPOINT, WEB, patience=20.0)
    watch.receive(DeltaRequest(ENDPOINT, ("a", "b")), 0.0)
    [sent, _] = watch.advance(
        Target(1, snapshot_of([endpoints("a"), endpoints("b")]), retain=False), 0.0
    )
    assert isinstance(sent, Send)
    watch.receive(DeltaRequest(ENDPOINT, unsubscribe=("a",)), 0.0)
    watch.receive(DeltaRequest(ENDPOINT, nonce=sent.nonce), 0.0)
    assert watch.known.keys() == {"b"}

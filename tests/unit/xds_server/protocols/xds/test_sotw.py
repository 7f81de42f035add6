from tests.conversations.xds.responses import cluster, endpoints, route
from tests.conversations.xds.stream import Talk
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.wire import Node
from xds_server.snapshots.evidence import Acked, Nacked
from xds_server.snapshots.model import snapshot_of


def talk(*resources) -> Talk:
    found = Talk(Dialect.SOTW)
    found.publish(*resources)
    return found


def test_a_missing_assignment_is_said_to_be_empty() -> None:
    [response] = talk().ask(ENDPOINT, "web")
    assert response.bodies == {"web": b"\x0a\x03web"}


def test_a_missing_route_is_said_to_be_missing_until_it_is_there() -> None:
    """A client of gRPC waits 15 s for what nobody speaks of (gRFC A88 ends that)."""
    it = talk(route("other", "c"), route("mine", "c"))
    [response] = it.ask(ROUTE, "shop", "mine")
    assert set(response.bodies) == {"mine"}
    assert response.errors == ("there is no 'shop' for this node",)
    assert it.ack(response, "shop", "mine") == []
    [found] = it.publish(route("mine", "c"), route("shop", "c"))
    assert (set(found.bodies), found.errors) == ({"mine", "shop"}, ())


def test_two_streams_are_told_of_their_own_missing_names() -> None:
    shared = Shared()
    for name in ("one", "two"):
        it = talk()
        it.stream.identify(Node("web-1"), it.now, shared)
        [response] = it.ask(ROUTE, name)
        assert response.errors == (f"there is no {name!r} for this node",)


def test_a_wildcard_is_answered_even_with_nothing() -> None:
    [response] = talk().ask(LISTENER)
    assert response.bodies == {}


def test_an_empty_list_of_routes_is_not_a_wildcard() -> None:
    assert talk(route("r", "c")).ask(ROUTE) == []


def test_added_names_are_answered_though_nothing_changed() -> None:
    it = talk(endpoints("a"), endpoints("b"))
    [first] = it.ask(ENDPOINT, "a")
    assert it.ack(first, "a") == []
    [second] = it.ack(first, "a", "b")
    assert set(second.bodies) == {"a", "b"}
    assert it.ack(second, "a") == []  # dropping one needs no answer
    [third] = it.ack(second, "a", "b")  # asking for it again does
    assert set(third.bodies) == {"a", "b"}


def test_stale_nonces_are_ignored() -> None:
    it = talk(endpoints("a"))
    [first] = it.ask(ENDPOINT, "a")
    assert it.ask(ENDPOINT, "a", "b", nonce="", version="") == []
    assert it.ask(ENDPOINT, "a", nonce="elsewhere") == []
    assert it.ack(first, "a", "b") != []


def test_what_a_client_dropped_behind_our_back_is_sent_again_after_a_refusal() -> None:
    """Its requests crossed a response, which it refuses: the dropped cluster is not in it then."""
    it = talk(cluster("a", eds=False))
    [first] = it.ask(CLUSTER, "a", "b")
    assert it.ack(first, "a", "b") == []
    [second] = it.publish(cluster("a", eds=False), cluster("b", eds=False))
    assert it.ack(first, "b") == []  # sent before the second response came
    assert it.ack(first, "a", "b") == []
    [third] = it.ask(CLUSTER, "a", "b", nonce=second.nonce, version=first.version, error="b is bad")
    assert set(third.bodies) == {"a"}


def test_the_version_is_the_hash_of_what_is_in_it() -> None:
    """Two clients with the same subscription get the same version from different snapshots."""
    [one] = talk(endpoints("a"), endpoints("b", 1)).ask(ENDPOINT, "a")
    [two] = talk(endpoints("a"), endpoints("b", 2)).ask(ENDPOINT, "a")
    assert one.version == two.version


def test_evidence_speaks_of_the_versions_of_snapshots() -> None:
    it = talk(endpoints("a"), endpoints("b"))
    [response] = it.ask(ENDPOINT, "a")
    it.ack(response, "a")
    [acked] = it.evidence(Acked)
    assert acked.version == snapshot_of([endpoints("a"), endpoints("b")]).version(ENDPOINT)
    assert acked.written == 1
    it.publish(endpoints("a"), endpoints("b", 2))  # not what this client asked for
    [acked] = it.evidence(Acked)
    assert acked.written == 0


def test_a_client_that_reconnects_with_what_it_should_have_is_sent_nothing() -> None:
    [response] = talk(endpoints("a")).ask(ENDPOINT, "a")
    again = talk(endpoints("a"))
    assert again.ask(ENDPOINT, "a", version=response.version) == []
    assert [e.written for e in again.evidence(Acked)] == [0]
    assert len(again.ask(ENDPOINT, "a", "b", version=response.version)) == 1


def test_a_claim_is_about_the_first_names_only() -> None:
    [both] = talk(endpoints("a"), endpoints("b")).ask(ENDPOINT, "a", "b")
    it = Talk(Dialect.SOTW)
    it.ask(ENDPOINT, "a", version=both.version)
    it.ask(ENDPOINT, "a", "b", version=both.version)
    assert len(it.publish(endpoints("a"), endpoints("b"))) == 1


def test_what_a_client_kept_from_an_earlier_snapshot_is_recognised() -> None:
    [old] = talk(cluster("a", eds=False)).ask(CLUSTER)
    it = talk(cluster("a", eds=False))
    it.publish(cluster("b", eds=False))
    [response] = it.ask(CLUSTER, version=old.version)
    assert set(response.bodies) == {"a", "b"}, "the old cluster stays until its routes moved"
    [final] = [*it.ack(response), *it.wait(3)]
    assert set(final.bodies) == {"b"}


def test_a_rejected_version_is_not_sent_again() -> None:
    it = talk(cluster("a", 1, eds=False))
    [response] = it.ask(CLUSTER)
    assert it.nack(response, "a is bad") == []
    [nacked] = it.evidence(Nacked)
    assert (nacked.reason, nacked.resource, nacked.origin) == ("a is bad", "a", "shop.yaml:1")
    assert len(it.publish(cluster("a", 2, eds=False))) == 1


def test_a_rejected_version_that_returns_is_refused_for_the_client() -> None:
    it = talk(cluster("a", 1, eds=False))
    [bad] = it.ask(CLUSTER)
    it.nack(bad, "no")
    [good] = it.publish(cluster("a", 2, eds=False))
    it.ack(good)
    assert it.publish(cluster("a", 1, eds=False)) == []
    [nacked] = it.evidence(Nacked)
    assert nacked.reason == "no"

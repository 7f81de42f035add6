"""Event in, effect out: the order in which one stream's types may change."""

from __future__ import annotations

import pytest

from tests.conversations.xds.responses import Response, cluster, endpoints, listener, route
from tests.conversations.xds.stream import Talk
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.evidence import Acked, Nacked, Warned
from xds_server.snapshots.model import Resource

both = pytest.mark.parametrize("dialect", list(Dialect))


def shop(to: str, *names: str, variant: int = 0) -> list[Resource]:
    found = [listener("front"), route("shop", to)]
    for name in names or (to,):
        found += [cluster(name, variant), endpoints(name)]
    return found


def started(dialect: Dialect, *resources: Resource) -> Talk:
    """A client that has everything, and whose grace is over."""
    it = Talk(dialect)
    it.publish(*resources)
    names = [r.name for r in resources if r.type_url == ENDPOINT]
    [clusters] = it.ask(CLUSTER)
    it.ack(clusters)
    for url, asked in ((ENDPOINT, names), (LISTENER, []), (ROUTE, ["shop"])):
        [response] = it.ask(url, *asked)
        it.ack(response, *_again(it, *asked))
    assert it.wait(3) == []
    return it


def _again(it: Talk, *names: str) -> tuple[str, ...]:
    """Names are repeated in every state-of-the-world request, in delta never."""
    return names if it.dialect is Dialect.SOTW else ()


def kinds(responses: list[Response]) -> list[str]:
    return [response.type_url for response in responses]


@both
def test_routes_wait_for_clusters_and_removals_for_routes(dialect: Dialect) -> None:
    it = started(dialect, *shop("red"))
    [clusters] = it.publish(*shop("blue"))
    assert clusters.type_url == CLUSTER
    assert "blue" in clusters.bodies
    assert clusters.removed == ()
    if dialect is Dialect.SOTW:
        assert "red" in clusters.bodies, "the old cluster stays while routes lead to it"

    [assignments] = it.ask(ENDPOINT, *_again(it, "red"), "blue", nonce=_nonce(it, ENDPOINT))
    assert "blue" in assignments.bodies
    assert it.ack(clusters) == []  # endpoints are still out
    [routes] = it.ack(assignments, *_again(it, "red", "blue"))
    assert routes.type_url == ROUTE

    answers = it.ack(routes, *_again(it, "shop"))
    assert kinds(answers)[0] == CLUSTER
    if dialect is Dialect.SOTW:
        assert set(answers[0].bodies) == {"blue"}
    else:
        assert answers[0].removed == ("red",)
    it.ack(answers[0])
    assert [e.type for e in it.evidence(Acked)] == [CLUSTER]


def _nonce(it: Talk, url: str) -> str:
    return f"{it.stream._watches[url]._serial:x}"


@both
def test_endpoints_follow_a_changed_cluster_unasked(dialect: Dialect) -> None:
    it = started(dialect, *shop("red"))
    sent = it.publish(*shop("red", variant=1))
    assert kinds(sent) == [CLUSTER, ENDPOINT]
    assert sent[1].bodies == {"red": endpoints("red").body}


@both
def test_endpoints_in_flight_are_sent_again_after_the_cluster(dialect: Dialect) -> None:
    it = started(dialect, *shop("red"))
    changed = [listener("front"), route("shop", "red"), cluster("red"), endpoints("red", 2)]
    [assignments] = it.publish(*changed)
    changed[2] = cluster("red", 1)
    [clusters] = it.publish(*changed)
    assert clusters.type_url == CLUSTER
    [again] = it.ack(assignments, *_again(it, "red"))
    assert again.bodies == {"red": endpoints("red", 2).body}


@both
def test_a_cluster_changed_while_away_gets_its_endpoints_on_reconnect(dialect: Dialect) -> None:
    it = Talk(dialect)
    it.publish(*shop("red", variant=1))
    old, same = cluster("red", 0), endpoints("red")
    if dialect is Dialect.SOTW:
        version = started(dialect, *shop("red")).stream.snapshot
        assert version is not None
        [clusters] = it.ask(CLUSTER, version="older")
        [assignments] = it.ask(ENDPOINT, "red", version=version.version(ENDPOINT))
    else:
        [clusters] = it.ask(CLUSTER, initial={"red": old.version})
        [assignments] = it.ask(ENDPOINT, "red", initial={"red": same.version})
    assert set(clusters.bodies) == set(assignments.bodies) == {"red"}


@both
def test_refused_clusters_hold_back_the_routes_to_them(dialect: Dialect) -> None:
    it = started(dialect, *shop("red"))
    [clusters] = it.publish(*shop("blue"))
    assert it.nack(clusters, "blue is bad") == []
    [nacked] = it.evidence(Nacked)
    assert (nacked.resource, nacked.origin) == ("blue", "shop.yaml:4")
    assert it.wait(60) == []
    assert it.publish(*shop("red")) == []  # back to what it has: nothing to send
    assert {e.type for e in it.evidence(Acked)} >= {CLUSTER}


@both
def test_a_client_without_routes_gets_them_though_it_refused_clusters(dialect: Dialect) -> None:
    it = Talk(dialect)
    it.publish(*shop("red"))
    [clusters] = it.ask(CLUSTER)
    it.nack(clusters, "no")
    assert kinds(it.ask(LISTENER)) == [LISTENER]


@both
def test_a_silent_client_is_not_waited_for_forever(dialect: Dialect) -> None:
    it = started(dialect, *shop("red"))
    [clusters] = it.publish(*shop("blue"))
    assert it.wait(19) == []
    assert it.stream.wakes_at(it.now) == it.now + 1
    [routes] = it.wait(1)
    assert routes.type_url == ROUTE
    [warned] = it.evidence(Warned)
    assert "Cluster" in warned.warning
    it.ack(clusters)
    assert [e.warning for e in it.evidence(Warned)] == [""]


@both
def test_endpoints_that_never_rest_do_not_hold_up_routes(dialect: Dialect) -> None:
    it = started(dialect, *shop("red", "red", "blue"))
    resources = shop("blue", "red", "blue")
    sent = it.publish(*resources)
    assert kinds(sent) == [ROUTE]  # both clusters are there already
    [assignments] = it.publish(*resources[:-1], endpoints("blue", 7))
    it.ack(sent[0], *_again(it, "shop"))
    moved = [listener("front"), route("shop", "red"), *resources[2:-1]]
    assert it.publish(*moved, endpoints("blue", 8)) == []
    answers = it.ack(assignments, *_again(it, "red", "blue"))
    assert kinds(answers) == [ENDPOINT]
    it.publish(*moved, endpoints("blue", 9))
    assert ROUTE in kinds(it.ack(answers[0], *_again(it, "red", "blue")))


def test_removals_wait_until_a_reconnecting_client_has_asked_for_all() -> None:
    """Its cluster request comes first: removing then would leave its old routes dangling."""
    it = Talk(Dialect.DELTA)
    it.publish(*shop("blue"))
    assert it.ask(CLUSTER, initial={"red": "1", "blue": cluster("blue").version}) == []
    [routes] = it.ask(ROUTE, "shop", initial={"shop": "old"})
    assert it.wait(3) == []  # the routes are not acknowledged
    [clusters] = it.ack(routes)
    assert clusters.removed == ("red",)

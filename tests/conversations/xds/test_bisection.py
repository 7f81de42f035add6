"""Event in, effect out: what a client refuses is found, named and left out; the rest is served."""

from __future__ import annotations

import pytest

from tests.conversations.xds.responses import (
    BAD,
    Response,
    cluster,
    endpoints,
    listener,
    route,
    variant,
)
from tests.conversations.xds.stream import Talk
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.evidence import Acked, Evidence, Nacked
from xds_server.snapshots.model import Resource

MOST = 500  # responses that a client is sent in a test
both = pytest.mark.parametrize("dialect", list(Dialect))


class Client:
    """Holds what it accepted; refuses a response with a bad cluster as a whole, naming nothing."""

    def __init__(self, dialect: Dialect) -> None:
        self.talk = Talk(dialect)
        self.held: dict[str, bytes] = {}
        self.evidence: list[Evidence] = []
        self.responses = 0

    def take(self, responses: list[Response]) -> None:
        self._note()
        while responses:
            self.responses += 1
            assert self.responses < MOST, "the server goes on for ever"
            [response] = responses
            if any(variant(body) == BAD for body in response.bodies.values()):
                responses = self.talk.nack(response, "Proto constraint validation failed")
            else:
                whole = self.talk.dialect is Dialect.SOTW
                self.held = dict(response.bodies) if whole else {**self.held, **response.bodies}
                responses = self.talk.ack(response)
            self._note()

    def _note(self) -> None:
        self.evidence += [e for e in self.talk.effects if isinstance(e, Acked | Nacked)]


def many(count: int, bad: int) -> list[Resource]:
    return [cluster(f"c{n:03}", BAD if n == bad else 0, eds=False) for n in range(count)]


@both
@pytest.mark.parametrize("count", [3, 64, 1000])
def test_the_bad_one_is_named_and_the_rest_is_served(dialect: Dialect, count: int) -> None:
    it = Client(dialect)
    it.talk.publish(*many(count, bad=count // 3))
    it.take(it.talk.ask(CLUSTER))
    [nack] = it.evidence
    assert isinstance(nack, Nacked)
    assert (nack.resource, nack.origin) == (f"c{count // 3:03}", "shop.yaml:4")
    assert len(it.held) == count - 1
    assert it.responses <= 2 * (count - 1).bit_length() + 1
    mended = many(count, bad=-1)
    it.take(it.talk.publish(*mended))
    assert it.held == {r.name: r.body for r in mended}
    assert isinstance(it.evidence[-1], Acked)


@both
def test_the_last_good_version_stays_beside_a_bad_one(dialect: Dialect) -> None:
    it = Client(dialect)
    it.talk.publish(*many(3, bad=-1))
    it.take(it.talk.ask(CLUSTER))
    it.take(it.talk.publish(*many(3, bad=1), cluster("d", eds=False)))
    assert variant(it.held["c001"]) == 0
    assert "d" in it.held
    sent = it.responses
    it.take(it.talk.publish(*many(3, bad=1), cluster("e", eds=False)))
    assert it.responses == sent + 1, "a bad version is not tried again"
    assert isinstance(it.evidence[-1], Nacked)
    assert it.evidence[-1].resource == "c001"


def _load(it: Talk, *resources: Resource) -> None:
    pending = it.publish(*resources)
    for url, names in ((CLUSTER, ()), (ENDPOINT, ("a",)), (LISTENER, ()), (ROUTE, ("r", "s"))):
        pending += it.ask(url, *names)
        sent = 0
        while pending:
            sent += 1
            assert sent < MOST, "the server goes on for ever"
            response = pending.pop(0)
            repeat = {ENDPOINT: ("a",), ROUTE: ("r", "s")}.get(response.type_url, ())
            pending += it.ack(response, *(repeat if it.dialect is Dialect.SOTW else ()))


@both
def test_only_routes_to_what_is_missing_wait(dialect: Dialect) -> None:
    it = Talk(dialect)
    first = [cluster("a"), endpoints("a"), listener("l"), route("r", "a"), route("s", "a")]
    _load(it, *first)
    it.wait(3)
    [clusters] = it.publish(
        cluster("a"),
        cluster("bad", BAD),
        endpoints("a"),
        listener("l"),
        route("r", "bad"),
        route("s", "a", 1),
    )
    [routes] = it.nack(clusters, "no")
    assert routes.type_url == ROUTE
    old, new = route("r", "a").body, route("s", "a", 1).body
    expected = {"s": new} if dialect is Dialect.DELTA else {"r": old, "s": new}
    assert routes.bodies == expected
    it.ack(routes, *(("r", "s") if dialect is Dialect.SOTW else ()))
    assert it.evidence(Acked) == []

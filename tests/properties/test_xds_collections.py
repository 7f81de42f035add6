"""Whatever is asked for and published, a client ends with the members of its collections."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as some

from tests.conversations.xds.responses import Response, endpoints
from tests.conversations.xds.stream import Talk
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.resource_types import ENDPOINT

_OF = "xdstp:///envoy.config.endpoint.v3.ClusterLoadAssignment"
NAMES = [f"{_OF}/{path}" for path in ("a", "b", "one/a", "one/b", "one/deep/a", "two/a?x=1")]
MEMBERS = {  # said again by hand: the code under test must not judge itself
    f"{_OF}/*": NAMES[:2],
    f"{_OF}/one/*": NAMES[2:4],
    f"{_OF}/one/deep/*": NAMES[4:5],
    f"{_OF}/two/*": [],
    f"{_OF}/two/*?x=1": NAMES[5:],
}
OFTEN = [f"{_OF}/*", f"{_OF}/one/*", NAMES[0]]  # so that they are dropped and asked for again
ASKED = some.lists(some.sampled_from(OFTEN * 4 + [*MEMBERS, *NAMES]), max_size=2)
STEP = some.tuples(
    some.dictionaries(some.sampled_from(NAMES[:3] * 2 + NAMES), some.sampled_from((1, 1, 1, 2))),
    ASKED,
    ASKED,
)


class Client:
    """What a delta client holds; it drops by itself what it no longer asks for."""

    def __init__(self) -> None:
        self.talk = Talk(Dialect.DELTA)
        self.asked: set[str] = set()
        self.held: dict[str, bytes] = {}

    def wanted(self) -> set[str]:
        """Return every name that is asked for, directly or by a collection."""
        return {name for asked in self.asked for name in MEMBERS.get(asked, [asked])}

    def change(self, add: list[str], drop: list[str]) -> None:
        self.asked = (self.asked | set(add)) - (set(drop) - set(add))
        self.held = {n: b for n, b in self.held.items() if n in self.wanted()}
        self.take(self.talk.ask(ENDPOINT, *add, unsubscribe=tuple(drop)))

    def take(self, responses: list[Response]) -> None:
        sent = 0
        while responses:
            sent += 1
            assert sent < 100, "the server goes on for ever"
            [response] = responses
            assert not set(response.bodies) - self.wanted(), "nobody asked for it"
            self.held.update(response.bodies)
            for name in response.removed:
                self.held.pop(name, None)
            responses = self.talk.ack(response)

    def settle(self) -> None:
        self.take(self.talk.wait(3))


@settings(max_examples=300)
@given(some.lists(STEP, min_size=1, max_size=8))
def test_a_client_holds_what_its_collections_have(
    steps: list[tuple[dict[str, int], list[str], list[str]]],
) -> None:
    client = Client()
    client.take(client.talk.ask(ENDPOINT, f"{_OF}/*"))
    client.asked = {f"{_OF}/*"}
    for published, add, drop in steps:
        resources = [endpoints(name, variant) for name, variant in published.items()]
        client.take(client.talk.publish(*resources))
        client.change(add, drop)
        client.settle()
        bodies = {resource.name: resource.body for resource in resources}
        assert client.held == {n: b for n, b in bodies.items() if n in client.wanted()}

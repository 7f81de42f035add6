"""Any interleaving of subscription changes ends with exactly the subscribed part held."""

from __future__ import annotations

from collections import deque

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.conversations.xds.responses import (
    BAD,
    cluster,
    delta_request,
    read,
    sotw_request,
    variant,
)
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.effects import Close, Effect, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.snapshots.model import Snapshot, snapshot_of

NAMES = ("a", "b", "c")
ASKED = st.sets(st.sampled_from((*NAMES, "*")), max_size=3)
CONTENT = st.dictionaries(st.sampled_from(NAMES), st.sampled_from((0, 1, BAD)))


def snapshot(content: dict[str, int]) -> Snapshot:
    return snapshot_of(cluster(name, number, eds=False) for name, number in content.items())


class Subscriptions(RuleBasedStateMachine):
    """A client that changes its mind at any time, ahead of or behind the server's answers."""

    dialect = Dialect.DELTA

    def __init__(self) -> None:
        super().__init__()
        self.now = 10.0
        self.fleet = Fleet()
        self.stream = XdsStream(self.dialect)
        self.to_server: deque[bytes] = deque()
        self.to_client: deque[bytes] = deque()
        self.names: set[str] = set()
        self.wildcard = True
        self.held: dict[str, bytes] = {}
        self.nonce, self.version = "", ""
        self.in_flight = ""
        self.rejected: set[object] = set()
        self.snapshot = snapshot({})
        self.say()

    def say(self, error: str | None = None, **changes: tuple[str, ...]) -> None:
        if self.dialect is Dialect.DELTA:
            data = delta_request(CLUSTER, nonce=self.nonce, error=error, **changes)
        else:
            asked = sorted(self.names | ({"*"} if self.wildcard and self.explicit else set()))
            data = sotw_request(CLUSTER, tuple(asked), self.version, self.nonce, error)
        self.to_server.append(data)

    explicit = False

    @rule(add=ASKED, drop=ASKED)
    def change(self, add: set[str], drop: set[str]) -> None:
        drop -= add
        self.explicit |= bool(add)
        self.names = (self.names | add) - drop - {"*"}
        self.wildcard = (self.wildcard or "*" in add) and "*" not in drop
        if self.dialect is Dialect.SOTW:
            # An empty list means everything only to a stream that never named anything.
            self.wildcard = self.wildcard if self.explicit else True
            self.names = self.names if self.explicit else set()
        if not self.wildcard:
            self.held = {name: body for name, body in self.held.items() if name in self.names}
        self.say(subscribe=tuple(sorted(add)), unsubscribe=tuple(sorted(drop)))

    @rule(content=CONTENT)
    def publish(self, content: dict[str, int]) -> None:
        self.snapshot = snapshot(content)
        for _, effects in self.fleet.publish("web-1", self.snapshot, self.now):
            self.perform(effects)

    @rule()
    def server_hears(self) -> None:
        if self.to_server:
            data = self.to_server.popleft()
            if self.stream.decode(data).nonce == self.in_flight:
                self.in_flight = ""
            self.perform(self.fleet.receive(self.stream, Peer(), data, self.now))

    @rule()
    def client_hears(self) -> None:
        if not self.to_client:
            return
        response = read(self.to_client.popleft(), self.dialect)
        content = (frozenset(response.bodies.items()), response.removed)
        assert content not in self.rejected, "a rejected content was sent again unchanged"
        self.nonce = response.nonce
        if any(variant(body) == BAD for body in response.bodies.values()):
            self.rejected.add(content)
            self.say(error="no")
            return
        covered = {n: b for n, b in response.bodies.items() if self.wildcard or n in self.names}
        if self.dialect is Dialect.SOTW:
            self.held = covered
            self.version = response.version
        else:
            self.held.update(covered)
            for name in response.removed:
                self.held.pop(name, None)
        self.say()

    @rule()
    def wait(self) -> None:
        self.now += 3.0
        if self.stream.node is not None:
            self.perform(self.stream.tick(self.now))

    def perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            assert not isinstance(effect, Close)
            if isinstance(effect, Send):
                assert not self.in_flight, "two responses in flight"
                self.in_flight = effect.nonce
                self.to_client.append(effect.data)

    def settle(self) -> None:
        for _ in range(200):
            self.server_hears()
            self.client_hears()
            if not self.to_server and not self.to_client:
                self.wait()
            if not self.to_server and not self.to_client:
                return
        raise AssertionError("the conversation does not come to rest")

    def teardown(self) -> None:
        self.settle()
        self._everything_good_is_held()
        self.publish(dict.fromkeys(self.snapshot.of(CLUSTER), 2))
        self.settle()
        everything = {name: r.body for name, r in self.snapshot.of(CLUSTER).items()}
        wanted = {n: b for n, b in everything.items() if self.wildcard or n in self.names}
        assert self.held == wanted

    def _everything_good_is_held(self) -> None:
        for name, resource in self.snapshot.of(CLUSTER).items():
            asked = self.wildcard or name in self.names
            if asked and variant(resource.body) != BAD:
                assert self.held.get(name) == resource.body, f"{name} waits for a bad one"


class SotwSubscriptions(Subscriptions):
    """The same in the other dialect."""

    dialect = Dialect.SOTW


@pytest.mark.parametrize("machine", [Subscriptions, SotwSubscriptions])
def test_subscriptions(machine: type[Subscriptions]) -> None:
    case = machine.TestCase
    case.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
    case().runTest()

"""Any interleaving of contents, questions and pauses: nothing that is served dies of old age.

The clauses: a resource with a time to live is sent again or confirmed by a heartbeat before its
time is up; what is on demand comes only to who names it; who asks again is answered again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.conversations.xds.responses import cluster, delta_request
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.effects import Close, Effect, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.protobuf import message, number, scan, text
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.snapshots.model import Snapshot, snapshot_of

NAMES = ("a", "b", "c")
LIVES = st.sampled_from((0.0, 0.0, 1.0, 9.0))
CONTENT = st.dictionaries(st.sampled_from(NAMES), st.tuples(st.integers(0, 1), LIVES))
RARE = "c"  # this one is on demand
_SLACK = 0.25  # of a life: how long the wire may take


def snapshot(content: dict[str, tuple[int, float]]) -> Snapshot:
    return snapshot_of(
        replace(cluster(n, v, eds=False), ttl=ttl, on_demand=n == RARE, version="")
        for n, (v, ttl) in content.items()
    )


class Lifetimes(RuleBasedStateMachine):
    """A delta client that answers at once, and lets die what it does not hear of."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.fleet = Fleet()
        self.stream = XdsStream(Dialect.DELTA)
        self.inbox: deque[Send] = deque()
        self.dies: dict[str, float] = {}
        self.asked: set[str] = set()
        self.heard: set[str] = set()

    @initialize(content=CONTENT)
    def begin(self, content: dict[str, tuple[int, float]]) -> None:
        self.publish(content)
        self.say(subscribe=("*",))

    @rule(content=CONTENT)
    def publish(self, content: dict[str, tuple[int, float]]) -> None:
        self.content = snapshot(content).of(CLUSTER)
        for _, effects in self.fleet.publish("web-1", snapshot(content), self.now):
            self.perform(effects)

    @rule(name=st.sampled_from(NAMES))
    def ask(self, name: str) -> None:
        self.asked.add(name)
        self.heard.clear()
        self.say(subscribe=(name,))
        assert name in self.heard, "who asks, though again, is answered"

    @rule(name=st.sampled_from(NAMES))
    def drop(self, name: str) -> None:
        if name in self.asked:
            self.asked.discard(name)
            self.say(unsubscribe=(name,))

    @rule(seconds=st.sampled_from((0.05, 0.4, 2.5, 20.0)))
    def wait(self, seconds: float) -> None:
        """Let time pass; the server is woken when it asked to be."""
        until = self.now + seconds
        times = 0
        while (woken := self.stream.wakes_at(self.now)) is not None and woken <= until:
            times += 1
            assert times < 10_000, "the server wants to be woken for ever"
            self.now = max(self.now, woken)
            self.perform(self.stream.tick(self.now))
            self.nothing_died()
        self.now = until
        self.nothing_died()

    def nothing_died(self) -> None:
        for name, resource in self.content.items():
            if name != RARE or name in self.asked:
                assert self.dies.get(name, 0.0) >= self.now, f"{name} died ({resource.ttl} s)"

    def say(self, nonce: str = "", **changes: tuple[str, ...]) -> None:
        data = delta_request(CLUSTER, nonce=nonce, **changes)
        self.perform(self.fleet.receive(self.stream, Peer(), data, self.now))

    def perform(self, effects: list[Effect]) -> None:
        self.inbox.extend(effect for effect in effects if isinstance(effect, Send))
        assert not [effect for effect in effects if isinstance(effect, Close)]
        while self.inbox:
            sent = self.inbox.popleft()
            self.take(sent.data)
            self.say(nonce=sent.nonce)

    def take(self, data: bytes) -> None:
        for key, value in scan(data):
            if key == 6:
                name = text(value)
                self.dies.pop(name, None)
                self.heard.add(name)
            elif key == 2:
                self._one(dict(scan(message(value))))

    def _one(self, fields: dict[int, int | bytes]) -> None:
        name, is_beat = text(fields[3]), 2 not in fields
        assert name != RARE or name in self.asked or is_beat, "nobody asked for it"
        assert not is_beat or name in self.dies, "a heartbeat of what the client does not hold"
        self.heard.add(name)
        parts = dict(scan(message(fields.get(6, b""))))
        life = number(parts.get(1, 0)) + number(parts.get(2, 0)) / 1e9
        self.dies[name] = self.now + life * (1 - _SLACK) if life else float("inf")


def test_lifetimes() -> None:
    case = Lifetimes.TestCase
    case.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
    case().runTest()

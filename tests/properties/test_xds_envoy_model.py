"""Any interleaving of messages, snapshots and reconnects keeps routes alive and ends in sync."""

from __future__ import annotations

from collections import Counter, deque

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.conversations.xds.envoy_model import ROUTES, EnvoyModel
from tests.conversations.xds.responses import BAD, cluster, endpoints, listener, route
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.effects import Close, Effect, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.evidence import Acked
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

_CLUSTERS = ("c0", "c1", "c2")


@st.composite
def snapshots(draw: st.DrawFn, worst: int = BAD) -> Snapshot:
    """A consistent snapshot: every route leads to a cluster; some clusters lack endpoints."""
    chosen = draw(st.sets(st.sampled_from(_CLUSTERS), min_size=1))
    resources: list[Resource] = []
    for name in sorted(chosen):
        eds = draw(st.booleans())
        resources.append(cluster(name, draw(st.sampled_from((0, 1, worst))), eds=eds))
        if eds and draw(st.booleans()):
            resources.append(endpoints(name, draw(st.integers(1, 2))))
    for name in draw(st.sets(st.sampled_from(("l0", "l1")))):
        resources.append(listener(name, draw(st.integers(0, 1))))
    for name in ROUTES:
        to = draw(st.sampled_from(sorted(chosen)))
        resources.append(route(name, to, draw(st.integers(0, 1))))
    return snapshot_of(resources)


class Conversation(RuleBasedStateMachine):
    """One server, one client, a network that delays but keeps the order of each direction."""

    dialect = Dialect.DELTA

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.fleet = Fleet()
        self.client = EnvoyModel(self.dialect)
        self.snapshot = snapshot_of(())
        self.blind = False  # a state-of-the-world client reconnected: see ``reconnect``
        self.open()

    def open(self) -> None:
        self.stream = XdsStream(self.dialect)
        self.wire: deque[Send] = deque()
        self.in_flight: dict[str, str] = {}

    @initialize(snapshot=snapshots(worst=0))
    def begin(self, snapshot: Snapshot) -> None:
        self.publish(snapshot)

    @rule(snapshot=snapshots())
    def publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        for _, effects in self.fleet.publish("web-1", snapshot, self.now):
            self.perform(effects)

    @rule()
    def server_hears(self) -> None:
        if self.client.outbox:
            data = self.client.outbox.popleft()
            answered = self.stream.decode(data)
            if answered.nonce and self.in_flight.get(answered.type_url) == answered.nonce:
                del self.in_flight[answered.type_url]
            self.perform(self.fleet.receive(self.stream, Peer(), data, self.now))

    @rule()
    def client_hears(self) -> None:
        if self.wire:
            self.client.take(self.wire.popleft().data)

    @rule(seconds=st.sampled_from((0.1, 3.0)))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        if self.stream.node is not None:
            self.perform(self.stream.tick(self.now))

    @rule()
    def reconnect(self) -> None:
        self.fleet.leave(self.stream, self.now)
        self.open()
        self.client.connect()
        # State-of-the-world names no resources on reconnect: what a new server does not list is
        # removed at once, so routes may dangle for a moment. Delta has no such gap.
        self.blind = self.dialect is Dialect.SOTW

    @invariant()
    def routes_lead_somewhere(self) -> None:
        if not self.blind:
            self.client.check()

    def perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            assert not isinstance(effect, Close)
            if isinstance(effect, Send):
                assert effect.type_url not in self.in_flight, "two responses in flight"
                self.in_flight[effect.type_url] = effect.nonce
                self.wire.append(effect)
            if isinstance(effect, Acked):
                assert effect.written >= 0

    def settle(self) -> None:
        for _ in range(300):
            self.server_hears()
            self.client_hears()
            if not self.client.outbox and not self.wire:
                self.wait(3.0)
            if not self.client.outbox and not self.wire:
                return
        raise AssertionError("the conversation does not come to rest")

    def teardown(self) -> None:
        self.settle()
        clusters = self.snapshot.of(CLUSTER).values()
        mended = [cluster(c.name, 2, eds=_is_eds(c)) for c in clusters]
        others = [r for url in (ENDPOINT, LISTENER, ROUTE) for r in self.snapshot.of(url).values()]
        self.publish(snapshot_of([*mended, *others]))
        self.settle()
        for url in (CLUSTER, LISTENER, ROUTE):
            wanted = {name: r.body for name, r in self.snapshot.of(url).items()}
            assert self.client.held[url] == wanted
        assert not self.client.warming
        self._endpoints_match()
        self._nothing_more_to_say()

    def _endpoints_match(self) -> None:
        asked = self.client.asked[ENDPOINT]
        held = self.client.held[ENDPOINT]
        for name in asked:
            resource = self.snapshot.of(ENDPOINT).get(name)
            if resource is not None:
                assert held[name] == resource.body
            else:
                assert len(held.get(name, b"")) <= 4, "only an empty assignment says: none"

    def _nothing_more_to_say(self) -> None:
        before = dict(self.client.received)
        self.reconnect()
        self.settle()
        if self.dialect is Dialect.SOTW:
            # The version of what it held before it dropped a name tells nothing about the rest.
            before[ENDPOINT] = self.client.received[ENDPOINT]
        assert +self.client.received == +Counter(before), "an unchanged client was sent something"


def _is_eds(resource: Resource) -> bool:
    return b"\x10\x03" in resource.body


class SotwConversation(Conversation):
    """The same in the other dialect."""

    dialect = Dialect.SOTW


_SETTINGS = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("machine", [Conversation, SotwConversation])
def test_conversation(machine: type[Conversation]) -> None:
    case = machine.TestCase
    case.settings = _SETTINGS
    case().runTest()

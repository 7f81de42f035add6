"""For any owners, requests, connections and rotations, no secret reaches anybody but its owner."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from tests.conversations.xds.responses import delta_request, put_text, read, sotw_request
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.effects import Effect, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.resource_types import LISTENER, SECRET
from xds_server.protocols.xds.secrets import SecretKeeper
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

NODES, NAMES = ("n0", "n1", "n2"), ("a", "b", "c")
ASKED = st.lists(st.sampled_from((*NAMES, "*")), max_size=4)
EVENT = st.one_of(
    st.tuples(
        st.just("secrets"),
        st.dictionaries(
            st.sampled_from(NODES), st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3))
        ),
    ),
    st.tuples(st.just("publish"), st.sampled_from(NODES), st.integers(0, 2)),
    st.tuples(st.just("withdraw"), st.sampled_from(NODES)),
    st.tuples(
        st.just("connect"),
        st.sampled_from(NODES),
        st.sampled_from(Dialect),
        st.booleans(),
        st.sampled_from(("", SECRET)),
    ),
    st.tuples(st.just("ask"), st.integers(0, 9), st.sampled_from((SECRET, LISTENER)), ASKED),
    st.tuples(st.just("answer"), st.integers(0, 9)),
)


class World:
    """A fleet with its keeper, and clients that remember on whose stream what was sent."""

    def __init__(self) -> None:
        self.fleet = Fleet()
        self.keeper = SecretKeeper(self)
        self.streams: list[tuple[str, bool, XdsStream, Peer]] = []
        self.waiting: dict[XdsStream, list[Send]] = {}
        self.owned: dict[str, dict[str, int]] = {}

    def publish(self, node: str, snapshot: Snapshot) -> None:
        for stream, effects in self.fleet.publish(node, snapshot, 1.0):
            self.take(stream, effects)

    def withdraw(self, node: str) -> None:
        self.fleet.withdraw(node)

    def take(self, stream: XdsStream, effects: list[Effect]) -> None:
        node, private, _, _ = next(one for one in self.streams if one[2] is stream)
        for effect in effects:
            if not isinstance(effect, Send):
                continue
            self.waiting[stream].append(effect)
            for owner in NODES:
                marked = f"secret of {owner}:".encode() in effect.data
                assert not marked or (private and owner == node), (owner, node, private)
            held = self.owned.get(node, {})
            for name, body in read(effect.data, stream.dialect).bodies.items():
                if b"secret of" in body:
                    assert body == _secret(node, name, held[name]).body, "a revoked secret"

    def step(self, kind: str, *more: object) -> None:
        getattr(self, f"on_{kind}")(*more)

    def on_secrets(self, owned: dict[str, dict[str, int]]) -> None:
        self.owned = owned
        self.keeper.set_secrets(
            {
                node: {name: _secret(node, name, number) for name, number in named.items()}
                for node, named in owned.items()
            }
        )

    def on_publish(self, node: str, number: int) -> None:
        self.keeper.publish(node, snapshot_of([Resource(LISTENER, "l", put_text(1, f"l{number}"))]))

    def on_withdraw(self, node: str) -> None:
        self.keeper.withdraw(node)

    def on_connect(self, node: str, dialect: Dialect, private: bool, only: str) -> None:
        stream, peer = XdsStream(dialect, only), Peer("", private=private)
        self.streams.append((node, private, stream, peer))
        self.waiting[stream] = []
        for url in (only,) if only else (LISTENER, SECRET):
            self.ask(len(self.streams) - 1, url, list(NAMES) if url == SECRET else [])

    def on_ask(self, index: int, url: str, names: list[str]) -> None:
        if self.streams:
            self.ask(index % len(self.streams), url, names)

    def ask(self, index: int, url: str, names: list[str]) -> None:
        node, _, stream, peer = self.streams[index]
        request = sotw_request if stream.dialect is Dialect.SOTW else delta_request
        data = request(url, tuple(names), node=put_text(1, node))
        self.take(stream, self.fleet.receive(stream, peer, data, 1.0))

    def on_answer(self, index: int) -> None:
        if not self.streams:
            return
        node, _, stream, peer = self.streams[index % len(self.streams)]
        waiting, self.waiting[stream] = self.waiting[stream], []
        for send in waiting:
            said = read(send.data, stream.dialect)
            request = sotw_request if stream.dialect is Dialect.SOTW else delta_request
            data = request(said.type_url, nonce=said.nonce, node=put_text(1, node))
            self.take(stream, self.fleet.receive(stream, peer, data, 1.0))


def _secret(node: str, name: str, number: int) -> Resource:
    """A secret whose body says whose it is, and whose version says nothing of that."""
    body = put_text(1, name) + put_text(1000, f"secret of {node}: {name}, {number}")
    return Resource(SECRET, name, body)


@settings(deadline=None, max_examples=150)
@given(st.lists(EVENT, min_size=5, max_size=40))
def test_no_secret_reaches_anybody_but_its_owner(events: list[tuple[object, ...]]) -> None:
    world = World()
    for node in NODES:
        world.on_publish(node, 0)
    world.on_secrets({node: dict.fromkeys(NAMES, 0) for node in NODES})
    for kind, *more in events:
        world.step(str(kind), *more)

"""Streams that share their work are sent exactly what each would be sent alone."""

from __future__ import annotations

from unittest.mock import patch

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.conversations.xds.responses import (
    BAD,
    cluster,
    delta_request,
    endpoints,
    listener,
    put_text,
    read,
    route,
    sotw_request,
    variant,
)
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.effects import Effect, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.protocols.xds.watch import Watch
from xds_server.snapshots.model import Snapshot, snapshot_of

NODES = ("n0", "n1", "n2")
CONTENT = st.dictionaries(st.sampled_from("abc"), st.sampled_from((0, 1, BAD)))
EVENT = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(NODES), CONTENT),
    st.tuples(st.just("publish to all"), st.just(""), CONTENT),
    st.tuples(st.just("ask"), st.sampled_from(NODES), st.sets(st.sampled_from("abc*"))),
    st.tuples(st.just("answer"), st.sampled_from(NODES), st.just(None)),
    st.tuples(st.just("everyone answers"), st.just(""), st.just(None)),
    st.tuples(st.just("reconnect"), st.sampled_from(NODES), st.just(None)),
    st.tuples(st.just("wait"), st.just(""), st.just(None)),
)

STARTED: list[tuple[str, str, object]] = [  # every client has everything, and its grace is over
    ("publish to all", "", {"a": 0, "b": 0}),
    *(("ask", node, {"a", "b"}) for node in NODES),
    *[("everyone answers", "", None)] * 8,
    ("wait", "", None),
]


def snapshot(content: dict[str, int]) -> Snapshot:
    found = [cluster(name, number) for name, number in content.items()]
    found += [endpoints(name) for name in content]
    found += [listener(name, number // 2) for name, number in content.items()]
    return snapshot_of([*found, *(route(name, name) for name in content)])


class Side:
    """The clients of three nodes, served by one fleet or by a fleet each."""

    def __init__(self, dialect: Dialect, fleets: dict[str, Fleet]) -> None:
        self.dialect = dialect
        self.now = 1.0
        self.fleets = fleets
        self.streams = {node: XdsStream(dialect) for node in NODES}
        self.waiting: dict[str, list[Send]] = {node: [] for node in NODES}
        self.log: list[tuple[str, object]] = []
        self.nonces: dict[tuple[XdsStream, str], list[int]] = {}

    def step(self, kind: str, node: str, argument: object) -> None:
        self.now += 3.0 if kind == "wait" else 0.0
        chosen = [node] if node else list(NODES)
        for one in chosen:
            if kind.startswith("publish"):
                for _, effects in self.fleets[one].publish(one, snapshot(argument), self.now):  # type: ignore[arg-type]
                    self.note(one, effects)
            elif kind == "ask":
                for url in (CLUSTER, ENDPOINT, LISTENER, ROUTE):
                    self.say(one, url, tuple(sorted(argument)))  # type: ignore[call-overload]
            elif kind == "wait":
                self.note(one, self.streams[one].tick(self.now))
            elif kind == "reconnect":
                self.fleets[one].leave(self.streams[one], self.now)
                self.streams[one] = XdsStream(self.dialect)
                self.waiting[one].clear()
            elif self.waiting[one]:
                self.answer(one, self.waiting[one].pop(0))

    def answer(self, node: str, sent: Send) -> None:
        response = read(sent.data, self.dialect)
        bad = any(variant(body) == BAD for body in response.bodies.values())
        self.say(node, sent.type_url, (), sent.nonce, "no" if bad else None)

    def say(
        self,
        node: str,
        url: str,
        names: tuple[str, ...],
        nonce: str = "",
        error: str | None = None,
    ) -> None:
        who = put_text(1, node)
        if self.dialect is Dialect.DELTA:
            data = delta_request(url, names, nonce=nonce, error=error, node=who)
        else:
            data = sotw_request(url, names, nonce=nonce, error=error, node=who)
        self.note(node, self.fleets[node].receive(self.streams[node], Peer(), data, self.now))

    def note(self, node: str, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.waiting[node].append(effect)
                nonce = put_text(5, effect.nonce)  # counts what the fleet sends, not the stream
                assert effect.data.endswith(nonce)
                body = effect.data.removesuffix(nonce)
                self.log.append((node, (body, effect.names, effect.removed)))
                used = self.nonces.setdefault((self.streams[node], effect.type_url), [0])
                assert int(effect.nonce, 16) > used[-1], "a nonce was used again"
                used.append(int(effect.nonce, 16))
            else:
                self.log.append((node, effect))


@pytest.mark.parametrize("dialect", Dialect)
@settings(max_examples=150, deadline=None)
@given(events=st.lists(EVENT, max_size=40))
def test_shared_work_is_invisible(dialect: Dialect, events: list[tuple[str, str, object]]) -> None:
    fleet = Fleet()
    together = Side(dialect, dict.fromkeys(NODES, fleet))
    apart = Side(dialect, {node: Fleet() for node in NODES})
    for event in events:
        together.step(*event)
        apart.step(*event)
        assert together.log == apart.log


@pytest.mark.parametrize("dialect", Dialect)
@settings(max_examples=150, deadline=None)
@given(events=st.lists(EVENT, max_size=40))
def test_looking_only_at_what_changed_is_invisible(
    dialect: Dialect, events: list[tuple[str, str, object]]
) -> None:
    quick = Side(dialect, dict.fromkeys(NODES, Fleet()))
    thorough = Side(dialect, dict.fromkeys(NODES, Fleet()))
    for event in [*STARTED, *events]:
        quick.step(*event)
        with (
            patch.object(Watch, "_follow", lambda *_: False),
            patch.object(Watch, "rests_at", lambda *_: False),
        ):
            thorough.step(*event)
        assert quick.log == thorough.log

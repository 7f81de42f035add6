"""Clients that come back with what they hold, in any order, are told what each would be alone."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import example, given, settings

from tests.conversations.xds.responses import cluster, delta_request, put, put_text, read
from xds_server.protocols.xds import wire
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.effects import Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.protocols.xds.shared import Shared
from xds_server.snapshots.model import snapshot_of

NAMES = ("a", "b", "c", "xdstp://x/t/n?b=1&a=2", "xdstp://x/t/n?a=2&b=1")
CURRENT = snapshot_of([cluster("a"), cluster("b", 1)])
VERSIONS = st.sampled_from(("", "old", *(r.version for r in CURRENT.of(CLUSTER).values())))
HELD = st.dictionaries(st.sampled_from(NAMES), VERSIONS).flatmap(
    lambda held: st.permutations(list(held.items())).map(dict)
)
ASKED = st.lists(st.sampled_from((*NAMES, "*")), max_size=2, unique=True).map(tuple)
Told = list[tuple[dict[str, bytes], tuple[str, ...]]]


def told(fleet: Fleet, node: str, asked: tuple[str, ...], held: dict[str, str]) -> Told:
    fleet.publish(node, CURRENT, 1.0)
    data = delta_request(CLUSTER, asked, initial=held, node=put_text(1, node))
    stream = XdsStream(Dialect.DELTA)
    effects = [*fleet.receive(stream, Peer(), data, 1.0), *stream.tick(100.0)]
    sent = [read(effect.data, Dialect.DELTA) for effect in effects if isinstance(effect, Send)]
    return [(response.bodies, response.removed) for response in sent]


@settings(max_examples=300)
@given(st.lists(st.tuples(ASKED, HELD), min_size=2, max_size=6))
@example([((), {"a": "old", "b": "old"}), ((), {"b": "old", "a": "old"}), (("a",), {"a": "old"})])
def test_each_is_told_what_it_would_be_alone(clients: list) -> None:
    fleet = Fleet()
    for number, (asked, held) in enumerate(clients):
        alone = told(Fleet(), "alone", asked, held)
        assert told(fleet, f"n{number}", asked, held) == alone


ENTRY = st.builds(
    lambda name, version: put(5, put_text(1, name) + put_text(2, version)),
    st.sampled_from(NAMES),
    st.sampled_from(("1", "2")),
)
PIECE = ENTRY | st.binary(max_size=3) | st.builds(put_text, st.integers(1, 9), st.text(max_size=3))


@settings(max_examples=500)
@given(st.lists(st.lists(PIECE, max_size=5).map(b"".join), min_size=1, max_size=8))
def test_what_others_sent_changes_no_reading(requests: list[bytes]) -> None:
    shared = Shared()
    for data in requests:
        assert reading(shared.delta.read, data) == reading(wire.scan_delta, data)


def reading(read_it, data: bytes) -> wire.DeltaRequest | str:
    try:
        return read_it(data)
    except MalformedError as error:
        return str(error)

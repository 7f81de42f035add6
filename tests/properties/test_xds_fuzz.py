"""Every decoder of the xDS port on damaged and on random bytes: a value, or MalformedError."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.conversations.xds.responses import (
    cluster,
    delta_request,
    endpoints,
    put,
    put_number,
    put_text,
    read,
    route,
    sotw_request,
)
from xds_server.protocols.reports.clients import scan_asked
from xds_server.protocols.reports.entries import scan_batch
from xds_server.protocols.reports.fields import Fields
from xds_server.protocols.reports.loads import scan_report
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.effects import Close, Effect, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, KNOWN_TYPES, ROUTE
from xds_server.snapshots.model import snapshot_of

NESTED = st.recursive(
    st.binary(max_size=12)
    | st.builds(put_number, st.integers(1, 30), st.integers(0, 2**64 - 1))
    | st.builds(put_text, st.integers(1, 30), st.text(max_size=6)),
    lambda parts: st.builds(put, st.integers(1, 30), st.lists(parts, max_size=4).map(b"".join)),
    max_leaves=12,
)
MESSAGES = st.lists(NESTED, max_size=6).map(b"".join)


def logs(data: bytes) -> None:
    for entry in scan_batch(data).entries("web-1"):
        assert entry.node == "web-1"


def metrics(data: bytes) -> None:
    found = Fields(data)
    assert isinstance(found.message(1).message(1).text(1), str)
    assert len(found.messages(2)) >= 0


def status(data: bytes) -> None:
    assert isinstance(scan_asked(data).covers("web-1"), bool)


DECODERS = [logs, metrics, status, lambda data: scan_report(data, 1.0)]


@pytest.mark.parametrize("decode", DECODERS, ids=["ALS", "metrics", "CSDS", "LRS"])
@settings(max_examples=400)
@given(data=MESSAGES)
def test_reports(decode: Callable[[bytes], object], data: bytes) -> None:
    try:
        decode(data)
    except MalformedError:
        return


NAMES = st.lists(st.sampled_from(("a", "b", "*", "", "none", "xdstp://x/y")), max_size=3)
TYPES = st.sampled_from(sorted(KNOWN_TYPES)) | st.sampled_from(("", "x/odd"))
NONCES = st.sampled_from(("", "1", "2", "3", "nobody's"))
ERRORS = st.sampled_from((None, None, "no", ""))


@st.composite
def requests(draw: st.DrawFn, dialect: Dialect) -> bytes:
    """A request of a client that says anything at any time; now and then its bytes are damaged."""
    url, names = draw(TYPES), tuple(draw(NAMES))
    more = {"nonce": draw(NONCES), "error": draw(ERRORS)}
    if dialect is Dialect.SOTW:
        data = sotw_request(url, names, draw(st.sampled_from(("", "x"))), **more)
    else:
        initial = dict.fromkeys(draw(NAMES), "x")
        data = delta_request(url, names, tuple(draw(NAMES)), initial, **more)
    if draw(st.integers(0, 9)):
        return data
    at = draw(st.integers(0, len(data) - 1))
    return data[:at] + draw(st.binary(max_size=3)) + data[at + draw(st.integers(0, 2)) :]


@pytest.mark.parametrize("only", ["", ENDPOINT], ids=["aggregated", "per type"])
@pytest.mark.parametrize("dialect", list(Dialect))
@settings(max_examples=150)
@given(data=st.data())
def test_a_stream_that_says_anything(dialect: Dialect, only: str, data: st.DataObject) -> None:
    """It is answered or ended with a reason; a client of another node hears what it should."""
    fleet, now = Fleet(), 1.0
    fleet.publish("web-1", snapshot_of([cluster("a"), endpoints("a"), route("b", "a")]), now)
    stream = XdsStream(dialect, only)
    for said in data.draw(st.lists(requests(dialect), min_size=1, max_size=12)):
        now += 1.0
        effects: list[Effect] = fleet.receive(stream, Peer(), said, now)
        sent = [effect for effect in effects if isinstance(effect, Send)]
        assert all(read(effect.data, dialect).type_url == effect.type_url for effect in sent)
        closed = [effect for effect in effects if isinstance(effect, Close)]
        assert all(effect.status and effect.message for effect in closed)
        if closed:
            break
        if stream.node is not None:
            stream.tick(now)
    _another_is_served(fleet, now)
    fleet.leave(stream, now)


def _another_is_served(fleet: Fleet, now: float) -> None:
    fleet.publish("good", snapshot_of([route("shop", "a")]), now)
    other = XdsStream(Dialect.SOTW)
    request = sotw_request(ROUTE, ("shop",), node=put_text(1, "good"))
    effects = fleet.receive(other, Peer(), request, now)
    [answer] = [effect for effect in effects if isinstance(effect, Send)]
    assert set(read(answer.data, Dialect.SOTW).bodies) == {"shop"}
    assert CLUSTER not in {watch.type_url for watch in other.watches}

"""Event in, effect out: structured names and collections of them (xRFC TP1)."""

from __future__ import annotations

import pytest

from tests.conversations.xds.responses import endpoints, listener
from tests.conversations.xds.stream import Talk
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.resource_types import ENDPOINT, LISTENER
from xds_server.snapshots.model import Resource

both = pytest.mark.parametrize("dialect", list(Dialect))
OF = "xdstp://a.example/envoy.config.endpoint.v3.ClusterLoadAssignment"
GLOB = f"{OF}/shop/*"
A, B, DEEP = f"{OF}/shop/a", f"{OF}/shop/b", f"{OF}/shop/deep/c"


def everything() -> list[Resource]:
    return [endpoints(name) for name in (A, B, DEEP, "a")]


@both
def test_a_collection_is_what_lies_directly_in_it(dialect: Dialect) -> None:
    it = Talk(dialect)
    it.publish(*everything())
    [response] = it.ask(ENDPOINT, GLOB)
    assert set(response.bodies) == {A, B}
    assert (response.removed, response.errors) == ((), ())
    it.ack(response, *([GLOB] if dialect is Dialect.SOTW else []))
    [changed] = it.publish(endpoints(A, 7), *everything()[1:])
    assert A in changed.bodies
    assert DEEP not in changed.bodies


def test_members_come_and_go() -> None:
    it = Talk(Dialect.DELTA)
    [none] = it.ask(ENDPOINT, GLOB) or it.publish(endpoints("a"))
    assert none.removed == (GLOB,), "an empty collection is said to be empty"
    it.ack(none)
    [one] = it.publish(endpoints(A))
    assert set(one.bodies) == {A}
    it.ack(one)
    [two] = it.publish(endpoints(A), endpoints(B))
    assert set(two.bodies) == {B}
    it.ack(two)
    assert it.publish(endpoints(B)) == [], "what may still be in use is kept for a moment"
    [gone] = it.wait(3)
    assert (gone.bodies, gone.removed) == ({}, (A,))
    it.ack(gone)
    assert it.ask(ENDPOINT, unsubscribe=(GLOB,)) == []
    assert it.publish(endpoints(A), endpoints(B)) == [], "nobody asks for it any longer"
    [again] = it.ask(ENDPOINT, GLOB)
    assert set(again.bodies) == {A, B}


def test_to_ask_again_for_a_collection_brings_all_of_it() -> None:
    it = Talk(Dialect.DELTA)
    it.publish(*everything())
    [first] = it.ask(ENDPOINT, GLOB)
    it.ack(first)
    [again] = it.ask(ENDPOINT, GLOB)
    assert set(again.bodies) == {A, B}


def test_over_a_reconnect_only_what_changed_is_sent() -> None:
    it = Talk(Dialect.DELTA)
    it.publish(*everything())
    held = {A: endpoints(A).version, B: "old", f"{OF}/shop/gone": "old"}
    [response] = it.ask(ENDPOINT, GLOB, initial=held)
    assert set(response.bodies) == {B}
    it.ack(response)
    [later] = it.wait(3)
    assert later.removed == (f"{OF}/shop/gone",)


@both
def test_the_order_of_parameters_means_nothing(dialect: Dialect) -> None:
    it = Talk(dialect)
    it.publish(listener(f"{OF}/l?b=2&a=1"))
    [response] = it.ask(LISTENER, f"{OF}/l?a=1&b=2")
    assert len(response.bodies) == 1
    [other] = it.publish(listener(f"{OF}/l?a=1&b=2", 7)) or it.ack(
        response, *([f"{OF}/l?b=2&a=1"] if dialect is Dialect.SOTW else [])
    )
    assert len(other.bodies) == 1

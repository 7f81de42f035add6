"""Event in, effect out: what is sent only when asked for, or under other names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conversations.xds.responses import cluster, delta_request, route
from tests.conversations.xds.stream import Talk
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.effects import Send
from xds_server.protocols.xds.protobuf import message, scan
from xds_server.protocols.xds.resource_types import CLUSTER, VIRTUAL_HOST
from xds_server.snapshots.model import Resource

both = pytest.mark.parametrize("dialect", list(Dialect))
WEB = Resource(VIRTUAL_HOST, "shop/web", b"web", aliases=("shop/www", "shop/w3"), on_demand=True)


def fields(it: Talk) -> list[dict[int, object]]:
    """The Resource messages of the last delta response, by field number."""
    [sent] = [effect for effect in it.effects if isinstance(effect, Send)]
    return [dict(scan(message(value))) for key, value in scan(sent.data) if key == 2]


@both
def test_a_cluster_on_demand_is_sent_by_name_only(dialect: Dialect) -> None:
    it = Talk(dialect)
    rare = replace(cluster("rare", eds=False), on_demand=True)
    it.publish(cluster("often", eds=False), rare)
    [first] = it.ask(CLUSTER)
    assert set(first.bodies) == {"often"}
    it.ack(first)
    names = ("*", "rare") if dialect is Dialect.SOTW else ("rare",)
    [second] = it.ask(CLUSTER, *names, nonce=first.nonce)
    assert "rare" in second.bodies
    assert it.ack(second, *(names if dialect is Dialect.SOTW else ())) == []


def test_a_cluster_that_is_no_longer_asked_for_is_removed() -> None:
    it = Talk(Dialect.DELTA)
    it.publish(replace(cluster("rare", eds=False), on_demand=True))
    [first] = it.ask(CLUSTER, "*", "rare")
    it.ack(first)
    assert it.wait(3) == []
    [second] = it.ask(CLUSTER, unsubscribe=("rare",))
    assert second.removed == ("rare",)


def test_a_virtual_host_is_found_by_its_aliases() -> None:
    it = Talk(Dialect.DELTA)
    it.publish(WEB)
    [none] = it.ask(VIRTUAL_HOST)
    assert none.bodies == {}
    it.ack(none)
    [response] = it.ask(VIRTUAL_HOST, "shop/www")
    assert response.bodies == {"shop/web": b"web"}
    [host] = fields(it)
    assert host[4] == b"shop/w3"  # the last of both aliases
    it.ack(response)
    [changed] = it.publish(replace(WEB, body=b"new", version=""))
    assert changed.bodies == {"shop/web": b"new"}


def test_a_client_without_virtual_hosts_hears_of_its_routes() -> None:
    it = Talk(Dialect.DELTA)
    it.publish(route("shop", "web"))
    [none] = it.ask(VIRTUAL_HOST)
    assert none.removed == ("shop/",)
    assert it.ack(none) == []


def test_two_aliases_of_one_host_bring_it_once() -> None:
    it = Talk(Dialect.DELTA)
    it.publish(WEB)
    it.ask(VIRTUAL_HOST, "shop/www", "shop/w3")
    assert len(fields(it)) == 1


def test_an_unknown_virtual_host_is_answered_without_a_body() -> None:
    """Envoy holds the request that asked until the name comes back, removed or not."""
    it = Talk(Dialect.DELTA)
    it.publish(WEB)
    requests = it.stream.decode(_ask("shop/nobody"))
    it.effects = it.stream.receive(requests, it.now)
    [sent] = [effect for effect in it.effects if isinstance(effect, Send)]
    [host] = fields(it)
    assert (host[3], host[4], 2 in host) == (b"shop/nobody", b"shop/nobody", False)
    answer = _ask(nonce=sent.nonce)
    assert not [e for e in it.stream.receive(it.stream.decode(answer), 101.0) if type(e) is Send]


def _ask(*names: str, nonce: str = "") -> bytes:
    return delta_request(VIRTUAL_HOST, names, nonce=nonce)

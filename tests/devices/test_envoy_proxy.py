"""What differential tests do not ask of the proxy: raw TCP ports, updates, and its own account."""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devices.echo import echo_servers, seen
from tests.devices.envoy import Envoy, answer, envoy, namespace
from tests.plans import shop_plan
from tests.waiting import until
from translators.envoy import translate
from translators.plan.model import Action, AppProtocol, Layer, Plan, Service, ServicePort

pytestmark = [
    pytest.mark.device,
    pytest.mark.root,
    pytest.mark.envoy("requests decided by compiled resources"),
]

WEB, STOCK = "10.10.0.11", "10.10.0.31"
VIP, VIP6 = ("10.10.0.200", 80), ("fd10:10::ff10", 80)
GET = b"GET /%s HTTP/1.1\r\nHost: reviews\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def net() -> Iterator[str]:
    with namespace() as name:
        yield name


def _as_tcp(plan: Plan, action: Action) -> Plan:
    """Return the shop with a raw TCP port at reviews, decided by one rule that is pinned here."""
    port = ServicePort("raw", 1, 80, 8080, AppProtocol.TCP)

    def changed(service: Service) -> Service:
        is_reviews = service.name == "shop/reviews"
        return dataclasses.replace(service, ports=(port,)) if is_reviews else service

    pinned = tuple(
        dataclasses.replace(rule, http=None, action=action, enforce=Layer.PROXY)
        for rule in plan.rules
        if rule.name == "shop/reviews[2]"
    )
    return Plan(
        tenants=plan.tenants,
        segments=plan.segments,
        hosts=plan.hosts,
        endpoints=plan.endpoints,
        services=tuple(changed(service) for service in plan.services),
        rules=pinned,
        captures=plan.captures,
    )


def test_a_raw_port_is_carried_with_the_clients_address(net: str, tmp_path: Path) -> None:
    plan = _as_tcp(shop_plan(), Action.ALLOW)
    with envoy((*translate(plan, "host1"), *echo_servers(plan)), tmp_path, net) as running:
        for source, vip in ((WEB, VIP), ("fd10:10::11", VIP6)):
            status, body = running.send(source, vip, GET % b"")
            assert status == 200
            assert seen(body)["client"] == source
            assert seen(body)["forwarded"] is None, "nobody speaks HTTP on the way"


def test_a_denied_raw_port_is_closed(net: str, tmp_path: Path) -> None:
    plan = _as_tcp(shop_plan(), Action.DENY)
    with envoy((*translate(plan, "host1"), *echo_servers(plan)), tmp_path, net) as running:
        assert running.send(WEB, VIP, GET % b"") == (0, "")


def test_a_source_that_is_not_captured_is_disconnected(net: str, tmp_path: Path) -> None:
    plan = shop_plan()
    with envoy((*translate(plan, "host1"), *echo_servers(plan)), tmp_path, net) as running:
        assert running.send(WEB, VIP, GET % b"")[0] == 200
        assert running.send(STOCK, VIP, GET % b"") == (0, "")


def test_denials_are_logged_with_rule_and_origin_and_nothing_else_is(
    net: str, tmp_path: Path
) -> None:
    plan = shop_plan()
    with envoy((*translate(plan, "host1"), *echo_servers(plan)), tmp_path, net) as running:
        assert running.send(WEB, VIP, GET % b"fine")[0] == 200
        assert running.send(WEB, VIP, GET % b"admin?token=secret")[0] == 403
        entries = _entries(running)
    assert [entry["path"] for entry in entries] == ["/admin"]
    assert entries[0]["rule"] == "shop/reviews[0]"
    assert entries[0]["origin"] == "shop.yaml:1"
    assert entries[0]["source"].startswith(f"{WEB}:")


def _entries(running: Envoy) -> list[dict[str, str]]:
    """Return what is logged, as soon as something is; lines are flushed one by one."""
    return until(
        lambda: [json.loads(line) for line in _lines(running) if line.startswith("{")],
        lambda: _lines(running),
    )


def _lines(running: Envoy) -> list[str]:
    """Return the lines that are written to their end."""
    return running.output.read_text().split("\n")[:-1]


def test_clients_cannot_steer_the_proxy_by_its_own_headers(net: str, tmp_path: Path) -> None:
    plan = shop_plan()
    header = b"X-Envoy-Original-Dst-Host: 10.10.0.31:8080\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
    request = (GET % b"").removesuffix(b"\r\n") + header
    with envoy((*translate(plan, "host1"), *echo_servers(plan)), tmp_path, net) as running:
        status, body = running.send(WEB, VIP, request)
    assert status == 200
    assert seen(body)["endpoint"] in ("10.10.0.21", "10.10.0.22")
    assert seen(body)["forwarded"] == f"1.2.3.4,{WEB}"


def test_a_kept_connection_asks_for_every_request(net: str, tmp_path: Path) -> None:
    """A connection that was allowed once is not allowed for all: each request is decided."""
    plan = shop_plan()
    kept = b"GET /%s HTTP/1.1\r\nHost: reviews\r\n\r\n"
    resources = (*translate(plan, "host1"), *echo_servers(plan))
    with envoy(resources, tmp_path, net) as running, running.connect(WEB, VIP) as peer:
        assert _status(peer, kept % b"a") == 200
        assert _status(peer, kept % b"admin") == 403
        assert _status(peer, kept % b"b") == 200


def _status(peer: socket.socket, request: bytes) -> int:
    peer.sendall(request)
    return answer(peer)[0]

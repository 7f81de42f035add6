"""Connections between segments that a router joins, over a real bridge, frame by frame."""

import struct
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.devices.frames import (
    ACK,
    SYN,
    SYN_ACK,
    Frame,
    arp_request,
    decode,
    encode,
    ttl,
    with_ttl,
)
from tests.devices.ovs import PrivateOvs
from tests.plans import routed, rule, shop_plan
from tests.properties.test_openflow_connections import Bench
from translators.openflow.cookie import Cause, cookie
from translators.plan.model import (
    UDP,
    AppProtocol,
    Plan,
    PortRange,
    Service,
    ServicePort,
    Transport,
)

pytestmark = pytest.mark.device

WEB, AUDIT = "02:00:00:00:00:01", "02:00:00:00:00:05"
VIRTUAL, PROXY = "02:fd:00:00:00:01", "02:fd:00:00:00:02"
ADDRESSES = {4: ("10.10.0.11", "10.20.0.11"), 6: ("fd10:10::11", "fd10:20::11")}
GATEWAYS = {4: ("10.10.0.1", "10.20.0.1"), 6: ("fd10:10::1", "fd10:20::1")}
SPY_MAC = "02:00:00:00:00:06"
VIPS = {4: "10.20.0.201", 6: "fd10:20::ff11"}


def routed_plan() -> Plan:
    """The shop on one host, its two segments joined, with a service in the second of them."""
    shop = routed(shop_plan())
    log = Service(
        name="shop/log",
        tenant="shop",
        segment="shop/back",
        hostnames=(),
        vips=shop.services[0].vips,
        ports=(ServicePort("dns", 9, 53, 5353, AppProtocol.UDP),),
        endpoints=("shop/audit",),
        subsets=(),
        origin=shop.services[0].origin,
    )
    vips = tuple(type(old)(VIPS[old.version]) for old in log.vips)
    web, audit = ("shop/web",), ("shop/audit",)
    seventy = Transport(protocol=6, ports=(PortRange(7000, 7003),))
    more = (
        rule("shop/direct[0]", 71, sources=web, endpoints=audit, transport=seventy),
        rule("shop/ping[0]", 72, sources=web, endpoints=audit, transport=Transport(protocol=1)),
        rule(
            "shop/log[0]",
            73,
            sources=web,
            services=("shop/log",),
            transport=Transport(protocol=UDP, ports=(PortRange(53, 53),)),
        ),
        rule(
            "shop/back[0]", 74, sources=audit, services=("shop/reviews",), http=shop.rules[3].http
        ),
    )
    captures = tuple(replace(c, sources=("shop/audit", *c.sources)) for c in shop.captures)
    endpoints = tuple(replace(e, host="host1") for e in shop.endpoints)
    return replace(
        shop,
        endpoints=endpoints,
        services=(replace(log, vips=vips), *shop.services),
        rules=shop.rules + more,
        captures=captures,
    )


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with PrivateOvs() as ovs:
        yield Bench(ovs, routed_plan())


@pytest.mark.parametrize("family", [4, 6])
def test_a_connection_is_routed_there_and_back(bench: Bench, family: int) -> None:
    web, audit = ADDRESSES[family]
    syn = Frame(WEB, VIRTUAL, web, audit, 6, 41000 + family, 7000, SYN)
    met = bench.routes("web", syn, "audit")
    assert (met.eth_src, met.eth_dst) == (VIRTUAL, AUDIT)
    assert (met.source, met.destination) == (web, audit)
    back = bench.routes("audit", met.reply(flags=SYN_ACK), "web")
    assert (back.eth_src, back.eth_dst) == (VIRTUAL, WEB)
    assert bench.routes("web", replace(syn, flags=ACK), "audit").flags == ACK
    held = [c for c in bench.connections().splitlines() if f"sport={41000 + family}" in c]
    assert len(held) == 1, held
    assert "zone=77" in held[0]
    assert "mark=4" in held[0]


@pytest.mark.parametrize("family", [4, 6])
def test_a_service_of_another_segment_is_reached(bench: Bench, family: int) -> None:
    web, audit = ADDRESSES[family]
    ask = Frame(WEB, VIRTUAL, web, VIPS[family], 17, 42000, 53, payload=b"name?")
    met = bench.routes("web", ask, "audit")
    assert (met.destination, met.destination_port) == (audit, 5353)
    back = bench.routes("audit", met.reply(payload=b"here"), "web")
    assert (back.source, back.source_port) == (VIPS[family], 53)


@pytest.mark.parametrize("family", [4, 6])
def test_a_router_forwards_nothing_at_the_end_of_its_time(bench: Bench, family: int) -> None:
    web, audit = ADDRESSES[family]
    syn = encode(Frame(WEB, VIRTUAL, web, audit, 6, 43000, 7001, SYN))
    before = bench.hits(cookie(Cause.EXPIRED, 77))
    for left in (0, 1):
        assert bench.send("web", with_ttl(syn, left)) == {}
    assert list(bench.send("web", with_ttl(syn, 2))) == ["audit"]
    assert bench.hits(cookie(Cause.EXPIRED, 77)) == before + 2


def test_policy_decides_between_segments_too(bench: Bench) -> None:
    web, audit = ADDRESSES[4]
    assert bench.send("web", encode(Frame(WEB, VIRTUAL, web, audit, 6, 44000, 22, SYN))) == {}
    assert bench.send("audit", encode(Frame(AUDIT, VIRTUAL, audit, web, 6, 44000, 22, SYN))) == {}


def test_another_tenants_segment_stays_apart(bench: Bench) -> None:
    spy = Frame("02:00:00:00:00:06", VIRTUAL, "10.30.0.11", "10.20.0.11", 6, 45000, 7000, SYN)
    assert bench.send("spy", encode(spy)) == {}


def test_a_connection_is_captured_from_another_segment(bench: Bench) -> None:
    audit, vip = "10.20.0.11", "10.10.0.200"
    syn = Frame(AUDIT, VIRTUAL, audit, vip, 6, 46000, 80, SYN)
    steered = bench.passes("audit", syn, "fsdn-proxy")
    assert (steered.source, steered.destination) == (audit, vip)
    answer = bench.routes("fsdn-proxy", steered.reply(flags=SYN_ACK, eth_dst=VIRTUAL), "audit")
    assert (answer.source, answer.source_port) == (vip, 80)
    assert bench.passes("audit", replace(syn, flags=ACK), "fsdn-proxy")
    onward = Frame(PROXY, VIRTUAL, audit, "10.10.0.21", 6, 51000, 8080, SYN)
    met = bench.routes("fsdn-proxy", onward, "reviews-1")
    back = bench.passes("reviews-1", met.reply(flags=SYN_ACK), "fsdn-proxy")
    assert (back.source, back.destination) == ("10.10.0.21", audit)


def test_neighbours_of_other_segments_are_not_answered_for(bench: Bench) -> None:
    assert bench.send("web", arp_request(WEB, "10.10.0.11", "10.20.0.11")) == {}
    assert list(bench.send("web", arp_request(WEB, "10.10.0.11", "10.10.0.1"))) == ["web"]


@pytest.mark.parametrize("family", [4, 6])
def test_the_gateways_of_a_router_answer_pings(bench: Bench, family: int) -> None:
    web = ADDRESSES[family][0]
    for gateway in GATEWAYS[family]:
        asked = _ping(WEB, web, gateway)
        (answer,) = bench.send("web", encode(asked))["web"]
        said = _ping(WEB, web, gateway, answer=True).payload
        assert decode(answer) == decode(encode(asked.reply(payload=said)))
        assert ttl(answer) == 64
    assert not [c for c in bench.connections().splitlines() if "icmp" in c]  # nothing is tracked


def test_no_gateway_answers_another_tenant_or_a_forger(bench: Bench) -> None:
    ask = _ping(SPY_MAC, "10.30.0.11", "10.30.0.1")
    assert list(bench.send("spy", encode(ask))) == ["spy"]
    assert bench.send("spy", encode(replace(ask, destination=GATEWAYS[4][0]))) == {}
    assert bench.send("web", encode(_ping(WEB, ADDRESSES[4][0], "10.30.0.1"))) == {}
    for forged in (replace(ask, source=ADDRESSES[4][0]), replace(ask, eth_src=WEB)):
        assert bench.send("spy", encode(forged)) == {}


def test_a_gateway_says_nothing_else(bench: Bench) -> None:
    web, gateway = ADDRESSES[4][0], GATEWAYS[4][0]
    for kind in (0, 13, 17):  # an answer, and questions for the time and the mask: RFC 792, RFC 950
        payload = struct.pack("!BBHHH", kind, 0, 0, 7, 1)
        assert (
            bench.send("web", encode(Frame(WEB, VIRTUAL, web, gateway, 1, payload=payload))) == {}
        )
    assert bench.send("web", encode(Frame(WEB, VIRTUAL, web, gateway, 6, 40000, 22, SYN))) == {}


def _ping(mac: str, source: str, gateway: str, answer: bool = False) -> Frame:
    family = 6 if ":" in gateway else 4
    kind = {4: (8, 0), 6: (128, 129)}[family][answer]
    payload = struct.pack("!BBHHH", kind, 0, 0, 77, 1) + bytes(range(56))
    return Frame(mac, VIRTUAL, source, gateway, {4: 1, 6: 58}[family], payload=payload)

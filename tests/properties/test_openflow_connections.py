"""Whole connections over a real bridge with real connection tracking, frame by frame."""

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.devices.frames import (
    ACK,
    SYN,
    SYN_ACK,
    Frame,
    arp_request,
    decode,
    encode,
    ip_packet,
    solicitation,
)
from tests.devices.openflow_bench import Bench
from tests.devices.ovs import PrivateOvs
from tests.plans import rule, shop_plan
from translators.plan.model import (
    UDP,
    AppProtocol,
    Plan,
    PortRange,
    ServicePort,
    Transport,
)

pytestmark = pytest.mark.device

WEB, REVIEWS_1, REVIEWS_2 = (f"02:00:00:00:00:0{n}" for n in (1, 2, 3))
STOCK = "02:00:00:00:00:04"
VIRTUAL, PROXY = "02:fd:00:00:00:01", "02:fd:00:00:00:02"
ADDRESSES = {
    4: ("10.10.0.11", "10.10.0.31", "10.10.0.201"),
    6: ("fd10:10::11", "fd10:10::31", "fd10:10::ff11"),
}
REVIEWS = {4: ("10.10.0.200", "10.10.0.21"), 6: ("fd10:10::ff10", "fd10:10::21")}


def _one_host() -> Plan:
    """The shop on one host, with a UDP port on stock and leave to ping it."""
    shop = shop_plan()
    dns = ServicePort("dns", 9, 53, 5353, AppProtocol.UDP)
    services = tuple(
        replace(s, ports=(*s.ports, dns)) if s.name == "shop/stock" else s for s in shop.services
    )
    web = ("shop/web",)
    more = (
        rule(
            "shop/names[0]",
            71,
            sources=web,
            services=("shop/stock",),
            transport=Transport(protocol=UDP, ports=(PortRange(53, 53),)),
        ),
        rule(
            "shop/direct[0]",
            72,
            sources=web,
            endpoints=("shop/stock",),
            transport=Transport(protocol=UDP, ports=(PortRange(7000, 7003),)),
        ),
    )
    endpoints = tuple(replace(e, host="host1") for e in shop.endpoints)
    return replace(shop, endpoints=endpoints, services=services, rules=shop.rules + more)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with PrivateOvs() as ovs:
        yield Bench(ovs, _one_host())


@pytest.mark.parametrize("family", [4, 6])
def test_a_bypassed_service_is_translated_there_and_back(bench: Bench, family: int) -> None:
    web, stock, vip = ADDRESSES[family]
    syn = Frame(WEB, VIRTUAL, web, vip, 6, 41000 + family, 80, SYN)
    met = bench.passes("web", syn, "stock")
    assert (met.source, met.destination, met.destination_port) == (web, stock, 8080)
    assert (met.eth_src, met.eth_dst) == (VIRTUAL, STOCK)
    again = bench.passes("web", syn, "stock")  # a retransmission before any reply
    assert again == met
    back = bench.passes("stock", met.reply(flags=SYN_ACK), "web")
    assert (back.source, back.source_port, back.destination) == (vip, 80, web)
    assert (back.eth_src, back.eth_dst) == (VIRTUAL, WEB)
    on = bench.passes("web", replace(syn, flags=ACK), "stock")
    assert (on.destination, on.destination_port) == (stock, 8080)
    held = next(c for c in bench.connections().splitlines() if f"sport={41000 + family}" in c)
    assert "mark=4" in held
    labels = int(re.search(r"labels=(0x[0-9a-f]+)", held)[1], 16)  # type: ignore[index]
    assert (labels & 0xFFFFFFFF, labels >> 64) == (4, 8080)  # rule shop/stock[0], its port


@pytest.mark.parametrize("family", [4, 6])
def test_datagrams_before_the_first_reply_reach_one_endpoint(bench: Bench, family: int) -> None:
    web, stock, vip = ADDRESSES[family]
    ask = Frame(WEB, VIRTUAL, web, vip, 17, 42000, 53, payload=b"name?")
    met = [bench.passes("web", ask, "stock") for _ in range(3)]
    assert {(m.destination, m.destination_port) for m in met} == {(stock, 5353)}
    back = bench.passes("stock", met[0].reply(payload=b"here"), "web")
    assert (back.source, back.source_port) == (vip, 53)


def test_a_connection_must_begin_with_a_syn(bench: Bench) -> None:
    web, _, vip = ADDRESSES[4]
    assert bench.send("web", encode(Frame(WEB, VIRTUAL, web, vip, 6, 43000, 80, ACK))) == {}


def test_what_no_rule_allows_is_dropped_and_its_answer_too(bench: Bench) -> None:
    web, stock, _ = ADDRESSES[4]
    assert bench.send("web", encode(Frame(WEB, STOCK, web, stock, 6, 43001, 22, SYN))) == {}
    assert bench.send("stock", encode(Frame(STOCK, WEB, stock, web, 6, 22, 43001, SYN_ACK))) == {}


@pytest.mark.parametrize("family", [4, 6])
def test_a_captured_connection_goes_through_the_proxy_both_ways(bench: Bench, family: int) -> None:
    web = ADDRESSES[family][0]
    vip, reviews = REVIEWS[family]
    syn = Frame(WEB, VIRTUAL, web, vip, 6, 44000, 80, SYN)
    steered = bench.passes("web", syn, "fsdn-proxy")
    assert steered == replace(decode(encode(syn)), eth_dst=PROXY)  # addresses untouched
    answer = bench.passes("fsdn-proxy", steered.reply(flags=SYN_ACK, eth_dst=VIRTUAL), "web")
    assert (answer.source, answer.source_port, answer.eth_src) == (vip, 80, VIRTUAL)
    assert bench.passes("web", replace(syn, flags=ACK), "fsdn-proxy").destination == vip

    upstream = Frame(PROXY, VIRTUAL, web, reviews, 6, 51000, 8080, SYN)
    met = bench.passes("fsdn-proxy", upstream, "reviews-1")
    assert (met.source, met.destination, met.eth_dst) == (web, reviews, REVIEWS_1)
    back = bench.passes("reviews-1", met.reply(flags=SYN_ACK, eth_dst=WEB), "fsdn-proxy")
    assert (back.source, back.destination, back.eth_dst) == (reviews, web, PROXY)
    assert bench.passes("fsdn-proxy", replace(upstream, flags=ACK), "reviews-1")
    injected = replace(upstream, eth_src=WEB, eth_dst=REVIEWS_1, flags=ACK)
    assert bench.send("web", encode(injected)) == {}  # the client is not its proxy


def test_nobody_goes_around_the_proxy_nor_speaks_through_it(bench: Bench) -> None:
    web, stock, _ = ADDRESSES[4]
    direct = Frame(WEB, REVIEWS_1, web, "10.10.0.21", 6, 45000, 8080, SYN)
    assert bench.send("web", encode(direct)) == {}
    for source, target, port in (
        (web, stock, 8080),  # not what web is captured for
        (web, "10.10.0.21", 22),
        ("10.10.0.22", "10.10.0.21", 8080),  # not captured at all
        ("10.10.0.99", "10.10.0.21", 8080),
    ):
        tried = Frame(PROXY, VIRTUAL, source, target, 6, 45001, port, SYN)
        assert bench.send("fsdn-proxy", encode(tried)) == {}, tried


def test_an_icmp_error_about_an_admitted_datagram_comes_back(bench: Bench) -> None:
    web, stock, _ = ADDRESSES[4]
    ask = Frame(WEB, STOCK, web, stock, 17, 46000, 7002, payload=b"anybody?")
    met = bench.passes("web", ask, "stock")
    unreachable = struct.pack("!BBHI", 3, 3, 0, 0) + encode(met)[14:42]
    error = Frame(STOCK, WEB, stock, web, 1, payload=unreachable)
    assert bench.passes("stock", error, "web").protocol == 1
    stray = Frame(STOCK, WEB, stock, web, 1, payload=struct.pack("!BBHHH", 8, 0, 0, 1, 1))
    assert bench.send("stock", encode(stray)) == {}


def test_senders_must_be_who_they_are(bench: Bench) -> None:
    web, stock, _ = ADDRESSES[4]
    good = Frame(WEB, STOCK, web, stock, 17, 47000, 7001)
    assert bench.passes("web", good, "stock")
    assert bench.send("web", encode(replace(good, source="10.10.0.22", source_port=47001))) == {}
    assert bench.send("web", encode(replace(good, eth_src=STOCK, source_port=47002))) == {}


@pytest.mark.parametrize(
    ("asker", "mac", "sender", "target", "answer"),
    [
        ("web", WEB, "10.10.0.11", "10.10.0.31", STOCK),
        ("web", WEB, "10.10.0.11", "10.10.0.1", VIRTUAL),  # the gateway
        ("web", WEB, "10.10.0.11", "10.10.0.200", VIRTUAL),  # a service
        ("web", WEB, "10.10.0.11", "10.10.0.11", None),  # itself: gratuitous
        ("web", WEB, "0.0.0.0", "10.10.0.11", None),  # a probe (RFC 5227)
        ("web", WEB, "10.10.0.11", "10.10.0.77", None),  # nobody
        ("web", WEB, "10.10.0.11", "10.20.0.11", None),  # another segment
        ("web", WEB, "10.10.0.31", "10.10.0.22", None),  # as somebody else
        ("fsdn-proxy", PROXY, "10.10.0.11", "10.99.0.1", VIRTUAL),
    ],
)
def test_the_bridge_answers_arp(
    bench: Bench, asker: str, mac: str, sender: str, target: str, answer: str | None
) -> None:
    asked = arp_request(mac, sender, target)
    found = bench.send(asker, asked)
    if answer is None:
        assert found == {}
        return
    assert list(found) == [asker]
    mine, theirs = bytes.fromhex(mac.replace(":", "")), bytes.fromhex(answer.replace(":", ""))
    reply = asked[12:20] + b"\0\2" + theirs + asked[38:42] + mine + asked[28:32]
    assert found[asker] == [mine + theirs + reply]


@pytest.mark.parametrize(
    ("asker", "mac", "sender", "target", "answer"),
    [
        ("web", WEB, "fd10:10::11", "fd10:10::31", STOCK),
        ("web", WEB, "fe80::1", "fd10:10::31", STOCK),
        ("web", WEB, "fd10:10::11", "fd10:10::1", VIRTUAL),  # the gateway
        ("web", WEB, "fd10:10::11", "fd10:10::ff10", VIRTUAL),  # a service
        ("web", WEB, "::", "fd10:10::11", None),  # duplicate address detection
        ("web", WEB, "::", "fd10:10::31", None),
        ("web", WEB, "fd10:10::11", "fd10:10::11", None),  # itself
        ("web", WEB, "fd10:10::11", "fd10:10::77", None),  # nobody
        ("web", WEB, "fd10:10::31", "fd10:10::22", None),  # as somebody else
        ("fsdn-proxy", PROXY, "fd10:10::11", "fd99::1", VIRTUAL),
        ("fsdn-proxy", PROXY, "::", "fe80::9", None),
    ],
)
def test_the_bridge_advertises_neighbours(
    bench: Bench, asker: str, mac: str, sender: str, target: str, answer: str | None
) -> None:
    found = bench.send(asker, solicitation(mac, sender, target))
    if answer is None:
        assert found == {}
        return
    assert list(found) == [asker]
    assert len(found[asker]) == 1
    frame = decode(found[asker][0])
    assert (frame.eth_src, frame.eth_dst) == (answer, mac)
    assert (frame.source, frame.destination) == (target, sender)
    flags = 0xE0 if target.endswith("::1") and asker == "web" else 0x60
    body = frame.payload
    assert (body[0], body[1], body[4]) == (136, 0, flags)  # RFC 4861, section 4.4
    assert body[8:24] == solicitation(mac, sender, target)[62:78]
    assert body[24:] == b"\x02\x01" + bytes.fromhex(answer.replace(":", ""))


def test_workloads_do_not_advertise(bench: Bench) -> None:
    for kind in (134, 136, 137):
        body = struct.pack("!BBHI", kind, 0, 0, 0) + bytes(16)
        lie = Frame(WEB, STOCK, "fd10:10::11", "fd10:10::31", 58, payload=body)
        assert bench.send("web", encode(lie)) == {}, kind


def test_other_protocols_are_judged_packet_by_packet(bench: Bench) -> None:
    ends = ip_address("10.10.0.11"), ip_address("10.10.0.31")
    assert bench.send("web", ip_packet(WEB, STOCK, *ends, 132, bytes(12))) == {}

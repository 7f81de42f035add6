"""Connections to networks outside, over a real bridge with real source NAT, frame by frame."""

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
    solicitation,
)
from tests.devices.ovs import PrivateOvs
from tests.plans import leaving, rule, shop_plan
from tests.properties.test_openflow_connections import Bench
from translators.openflow.cookie import Cause, cookie
from translators.plan.model import Action, Plan

pytestmark = pytest.mark.device

WEB, STOCK, OWN, GATEWAY = (
    "02:00:00:00:00:01",
    "02:00:00:00:00:04",
    "02:00:00:00:ee:01",
    "02:00:00:00:ee:fe",
)
VIRTUAL = "02:fd:00:00:00:01"
WEBS = {4: "10.10.0.11", 6: "fd10:10::11"}
STOCKS = {4: "10.10.0.31", 6: "fd10:10::31"}
LENT = {4: "198.51.100.2", 6: "2001:db8:ee::2"}
SITES = {4: "203.0.113.7", 6: "2001:db8:3::7"}


def _plan() -> Plan:
    """The shop on one host with a way outside; web and stock may take it, but for one port."""
    shop = leaving(shop_plan())
    networks = shop.rules[-1].externals
    free = rule("shop/free[0]", 81, sources=("shop/stock", "shop/web"), externals=networks)
    closed = replace(
        shop.rules[-1],
        name="shop/closed[0]",
        number=82,
        action=Action.DENY,
        transport=replace(shop.rules[-1].transport, ports=()),
        externals=networks[:1],
        sources=("shop/reviews-2",),
    )
    tenants = tuple(replace(tenant, default=Action.ALLOW) for tenant in shop.tenants)
    endpoints = tuple(replace(e, host="host1") for e in shop.endpoints)
    return replace(shop, tenants=tenants, endpoints=endpoints, rules=(*shop.rules, closed, free))


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with PrivateOvs() as ovs:
        yield Bench(ovs, _plan())


@pytest.mark.parametrize("family", [4, 6])
def test_a_connection_leaves_and_its_answers_come_back(bench: Bench, family: int) -> None:
    web, site = WEBS[family], SITES[family]
    syn = Frame(WEB, VIRTUAL, web, site, 6, 41000, 443, SYN)
    met = bench.routes("web", syn, "outside")
    assert (met.source, met.destination) == (LENT[family], site)
    assert (met.eth_src, met.eth_dst) == (OWN, GATEWAY)
    back = bench.routes("outside", met.reply(flags=SYN_ACK), "web")
    assert (back.source, back.destination, back.destination_port) == (site, web, 41000)
    assert (back.eth_src, back.eth_dst) == (VIRTUAL, WEB)
    again = bench.routes("web", replace(syn, flags=ACK), "outside")
    assert (again.source, again.source_port) == (met.source, met.source_port)
    zones = [line for line in bench.connections().splitlines() if site in line]
    assert {part for line in zones for part in line.split(",") if part.startswith("zone")} == {
        "zone=1",
        "zone=99",
    }


@pytest.mark.parametrize("family", [4, 6])
def test_two_workloads_with_one_port_are_told_apart(bench: Bench, family: int) -> None:
    ends = {"web": (WEB, WEBS[family]), "stock": (STOCK, STOCKS[family])}
    met = {
        port: bench.routes(
            port,
            Frame(mac, VIRTUAL, own, SITES[family], 17, 42000, 53, payload=b"who?"),
            "outside",
        )
        for port, (mac, own) in ends.items()
    }
    assert met["web"].source_port != met["stock"].source_port
    for port, (_, own) in ends.items():
        back = bench.routes("outside", met[port].reply(payload=b"you"), port)
        assert (back.destination, back.destination_port) == (own, 42000)


def test_an_echo_and_an_error_come_back(bench: Bench) -> None:
    echo = struct.pack("!BBHHH", 8, 0, 0, 7, 1) + b"hello"
    met = bench.routes("web", Frame(WEB, VIRTUAL, WEBS[4], SITES[4], 1, payload=echo), "outside")
    answer = bytes(4) + met.payload[4:]  # type 0, its checksum still to come
    back = bench.routes("outside", met.reply(payload=answer), "web")
    assert back.destination == WEBS[4]
    ask = Frame(WEB, VIRTUAL, WEBS[4], SITES[4], 17, 43000, 7002, payload=b"anybody?")
    sent = bench.routes("web", ask, "outside")
    unreachable = struct.pack("!BBHI", 3, 3, 0, 0) + encode(sent)[14:42]
    error = Frame(GATEWAY, OWN, SITES[4], LENT[4], 1, payload=unreachable)
    told = bench.routes("outside", error, "web")
    assert told.destination == WEBS[4]
    assert WEBS[4] == ".".join(map(str, told.payload[20:24]))  # the datagram as web sent it


@pytest.mark.parametrize("family", [4, 6])
def test_nothing_from_outside_begins_a_connection(bench: Bench, family: int) -> None:
    before = bench.hits(cookie(Cause.INBOUND))
    for target in (LENT[family], WEBS[family]):
        syn = Frame(GATEWAY, OWN, SITES[family], target, 6, 44000, 443, SYN)
        assert bench.send("outside", encode(syn)) == {}
    assert bench.hits(cookie(Cause.INBOUND)) == before + 1  # the other is not even the host's


def test_an_answer_to_what_the_segment_has_forgotten_stays_outside(bench: Bench) -> None:
    ask = Frame(WEB, VIRTUAL, WEBS[4], SITES[4], 17, 47000, 53, payload=b"name?")
    met = bench.routes("web", ask, "outside")
    assert bench.routes("outside", met.reply(payload=b"here"), "web")
    bench.forget(1)
    assert bench.send("outside", encode(met.reply(payload=b"again"))) == {}
    assert bench.routes("web", ask, "outside")  # which begins it again


def test_only_what_a_rule_lets_leave(bench: Bench) -> None:
    reviews = Frame("02:00:00:00:00:03", VIRTUAL, "10.10.0.22", SITES[4], 6, 45000, 443, SYN)
    assert bench.send("reviews-2", encode(reviews)) == {}  # denied
    audit = Frame("02:00:00:00:00:05", VIRTUAL, "10.20.0.11", SITES[4], 6, 45000, 443, SYN)
    assert bench.send("audit", encode(audit)) == {}  # no rule, though the default is allow
    web = Frame(WEB, VIRTUAL, WEBS[4], "198.18.0.1", 6, 45000, 443, SYN)
    assert bench.send("web", encode(web)) == {}  # elsewhere
    forged = Frame(WEB, VIRTUAL, "10.10.0.99", SITES[4], 6, 45000, 443, SYN)
    assert bench.send("web", encode(forged)) == {}


def test_the_bridge_answers_outside_for_its_own_addresses_alone(bench: Bench) -> None:
    found = bench.send("outside", arp_request(GATEWAY, "198.51.100.1", LENT[4]))
    assert list(found) == ["outside"]
    assert found["outside"][0][6:12] == bytes.fromhex(OWN.replace(":", ""))
    assert bench.send("outside", arp_request(GATEWAY, "198.51.100.1", WEBS[4])) == {}
    assert bench.send("outside", arp_request(GATEWAY, "198.51.100.1", "10.10.0.1")) == {}
    asked = solicitation(GATEWAY, "fe80::1", LENT[6])
    (told,) = bench.send("outside", asked)["outside"]
    assert decode(told).eth_src == OWN
    assert bench.send("outside", solicitation(GATEWAY, "fe80::1", WEBS[6])) == {}

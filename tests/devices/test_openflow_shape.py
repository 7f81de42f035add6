"""A real bridge limits and marks what a shaped rule admits, both ways, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.devices.frames import ACK, SYN, SYN_ACK, Frame, encode
from tests.devices.openflow_bench import Bench
from tests.devices.ovs import PrivateOvs
from tests.plans import rule, shop_plan
from translators.plan.model import UDP, Plan, PortRange, Shaping, Transport

pytestmark = pytest.mark.device

WEB, STOCK, VIRTUAL = "02:00:00:00:00:01", "02:00:00:00:00:04", "02:fd:00:00:00:01"
PAIR = {"sources": ("shop/web",), "endpoints": ("shop/stock",)}
AF21, CS1 = 18, 8
RATE, BURST = 80, 80  # kbit/s and kbit: 10 kB at once, and 10 kB a second


def _on(protocol: int, port: int) -> Transport:
    return Transport(protocol=protocol, ports=(PortRange(port, port),))


def _plan() -> Plan:
    shop = shop_plan()
    rules = (
        rule("shop/p[0]", 101, transport=_on(6, 5432), shape=Shaping(dscp=AF21), **PAIR),
        rule("shop/p[1]", 102, transport=_on(UDP, 7000), shape=Shaping(RATE, BURST, CS1), **PAIR),
        rule("shop/p[2]", 103, **PAIR),
    )
    endpoints = tuple(replace(e, host="host1") for e in shop.endpoints)
    return replace(shop, endpoints=endpoints, rules=rules, captures=())


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with PrivateOvs() as ovs:
        yield Bench(ovs, _plan())


def _frame(family: int, protocol: int, source_port: int, port: int) -> Frame:
    ends = {4: ("10.10.0.11", "10.10.0.31"), 6: ("fd10:10::11", "fd10:10::31")}[family]
    flags = SYN if protocol == 6 else 0
    return Frame(WEB, VIRTUAL, *ends, protocol, source_port, port, flags)


def _dscp(data: bytes) -> int:
    """Return the code point of a frame (RFC 2474: the upper six bits of the second octets)."""
    if data[12:14] == b"\x08\x00":
        return data[15] >> 2
    return ((data[14] & 0xF) << 4 | data[15] >> 4) >> 2


def _passes(bench: Bench, port: str, frame: Frame, out: str) -> int:
    found = bench.send(port, encode(frame))
    assert list(found) == [out], (frame, found)
    (data,) = found[out]
    return _dscp(data)


@pytest.mark.parametrize("family", [4, 6])
def test_every_packet_of_both_directions_is_marked(bench: Bench, family: int) -> None:
    syn = _frame(family, 6, 4000, 5432)
    answer = replace(syn, eth_src=VIRTUAL, eth_dst=STOCK).reply(eth_dst=VIRTUAL)
    assert _passes(bench, "web", syn, "stock") == AF21
    assert _passes(bench, "web", syn, "stock") == AF21  # sent again
    assert _passes(bench, "stock", replace(answer, flags=SYN_ACK), "web") == AF21
    assert _passes(bench, "web", replace(syn, flags=ACK), "stock") == AF21
    assert _passes(bench, "stock", replace(answer, flags=ACK), "web") == AF21


@pytest.mark.parametrize("family", [4, 6])
def test_other_rules_connections_keep_their_mark(bench: Bench, family: int) -> None:
    assert _passes(bench, "web", _frame(family, 6, 4001, 22), "stock") == 0


def _arrived(bench: Bench, port: str, out: str, frame: Frame, count: int) -> int:
    """Send frames one after the other, as fast as the bridge takes them; count what arrived."""
    data = encode(replace(frame, payload=bytes(900)))
    return bench.flood(port, data, count)[out]


def test_what_is_over_the_rate_is_dropped_in_each_direction_by_itself(bench: Bench) -> None:
    there = _frame(4, UDP, 4100, 7000)
    back = replace(there, eth_src=VIRTUAL, eth_dst=STOCK).reply(eth_dst=VIRTUAL)
    burst = BURST * 1000 // 8 // 942  # frames of 942 bytes
    for port, out, frame in (("web", "stock", there), ("stock", "web", back)):
        arrived = _arrived(bench, port, out, frame, 100)
        assert burst / 2 <= arrived <= burst * 3, (port, arrived)
    free = _frame(4, UDP, 4200, 9000)
    assert _arrived(bench, "web", "stock", free, 100) == 100

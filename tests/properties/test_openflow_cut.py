"""Revocation over a real bridge with real connection tracking, frame by frame."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.devices.frames import ACK, SYN, SYN_ACK, Frame, encode
from tests.devices.openflow_bench import Bench
from tests.devices.ovs import PrivateOvs
from tests.properties.test_openflow_connections import (
    ADDRESSES,
    REVIEWS,
    VIRTUAL,
    WEB,
    _one_host,
)
from translators.plan.model import Plan

pytestmark = pytest.mark.device
FIN, RST = 0x01, 0x04


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with PrivateOvs() as ovs:
        yield Bench(ovs, _one_host())


def _without(plan: Plan, *names: str) -> Plan:
    rules = tuple(r for r in plan.rules if r.name not in names)
    return replace(
        plan, rules=rules, captures=tuple(c for c in plan.captures if c.rule not in names)
    )


def _open(bench: Bench, syn: Frame) -> Frame:
    """Shake hands; return the answer as the server sends it."""
    back = bench.passes("web", syn, "stock").reply(flags=SYN_ACK)
    bench.passes("stock", back, "web")
    bench.passes("web", replace(syn, flags=ACK), "stock")
    return replace(back, flags=ACK)


@pytest.mark.parametrize("family", [4, 6])
def test_a_removed_rule_ends_its_connections_both_ways(bench: Bench, family: int) -> None:
    web, _, vip = ADDRESSES[family]
    plan = _one_host()
    bench.load(plan)
    syn = Frame(WEB, VIRTUAL, web, vip, 6, 50000 + family, 80, SYN)
    answer = _open(bench, syn)
    bench.load(_without(plan, "shop/stock[0]"))
    assert bench.send("web", encode(replace(syn, flags=ACK))) == {}
    assert bench.send("stock", encode(answer)) == {}
    bench.load(plan)
    assert bench.send("web", encode(replace(syn, flags=ACK))) == {}, "it came back to life"
    held = next(c for c in bench.connections().splitlines() if f"sport={50000 + family}" in c)
    assert "mark=68" in held


def test_a_rule_that_drains_lets_its_connections_finish(bench: Bench) -> None:
    web, _, vip = ADDRESSES[4]
    plan = _one_host()
    lasting = replace(plan, rules=tuple(replace(r, drain=True) for r in plan.rules))
    bench.load(lasting)
    syn = Frame(WEB, VIRTUAL, web, vip, 6, 50100, 80, SYN)
    answer = _open(bench, syn)
    bench.load(_without(lasting, "shop/stock[0]"))
    bench.passes("web", replace(syn, flags=ACK), "stock")
    bench.passes("stock", answer, "web")
    assert bench.send("web", encode(replace(syn, source_port=50101))) == {}, "a new one got in"


def test_a_rule_about_others_leaves_connections_alone(bench: Bench) -> None:
    web, _, vip = ADDRESSES[4]
    plan = _one_host()
    bench.load(plan)
    syn = Frame(WEB, VIRTUAL, web, vip, 6, 50200, 80, SYN)
    answer = _open(bench, syn)
    bench.load(_without(plan, "shop/direct[0]", "shop/names[0]"))
    bench.passes("web", replace(syn, flags=ACK), "stock")
    bench.passes("stock", answer, "web")


def test_datagrams_end_both_ways(bench: Bench) -> None:
    web, _, vip = ADDRESSES[4]
    plan = _one_host()
    bench.load(plan)
    ask = Frame(WEB, VIRTUAL, web, vip, 17, 50300, 53, payload=b"name?")
    answer = bench.passes("web", ask, "stock").reply(payload=b"here")
    bench.passes("stock", answer, "web")
    bench.load(_without(plan, "shop/names[0]"))
    assert bench.send("web", encode(ask)) == {}
    assert bench.send("stock", encode(answer)) == {}


def test_a_captured_connection_ends_with_its_capture(bench: Bench) -> None:
    web = ADDRESSES[4][0]
    plan = _one_host()
    bench.load(plan)
    syn = Frame(WEB, VIRTUAL, web, REVIEWS[4][0], 6, 50400, 80, SYN)
    steered = bench.passes("web", syn, "fsdn-proxy")
    bench.passes("fsdn-proxy", steered.reply(flags=SYN_ACK), "web")
    bench.passes("web", replace(syn, flags=ACK), "fsdn-proxy")
    bench.load(_without(plan, *(r.name for r in plan.rules if "reviews" in r.name)))
    assert bench.send("web", encode(replace(syn, flags=ACK))) == {}
    assert bench.send("fsdn-proxy", encode(steered.reply(flags=ACK))) == {}

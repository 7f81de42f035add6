"""Real packets are counted by audits once a connection, and go where rules send them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.devices.frames import ACK, SYN, SYN_ACK, Frame, encode
from tests.devices.openflow_bench import Bench
from tests.devices.ovs import PrivateOvs
from tests.plans import rule, shop_plan
from translators.openflow.cookie import Cause, cookie
from translators.openflow.features.audits import DEEPEST
from translators.plan.model import Action, Plan, PortRange, Transport

pytestmark = pytest.mark.device

WEB, STOCK, VIRTUAL = "02:00:00:00:00:01", "02:00:00:00:00:04", "02:fd:00:00:00:01"
PAIR = {"sources": ("shop/web",), "endpoints": ("shop/stock",)}
HTTPS = Transport(protocol=6, ports=(PortRange(443, 443),))


def _plan() -> Plan:
    """The shop on one host: audits of all, of HTTPS, and as many more as a bridge can hold."""
    shop = shop_plan()
    more = [
        rule(f"shop/more[{n}]", 200 + n, action=Action.AUDIT, **PAIR) for n in range(DEEPEST - 2)
    ]
    rules = (
        rule("shop/all[0]", 101, action=Action.AUDIT, **PAIR),
        rule("shop/all[1]", 102, action=Action.AUDIT, transport=HTTPS, **PAIR),
        *more,
        rule("shop/all[2]", 103, transport=HTTPS, **PAIR),
    )
    endpoints = tuple(replace(e, host="host1") for e in shop.endpoints)
    return replace(shop, endpoints=endpoints, rules=rules, captures=())


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with PrivateOvs() as ovs:
        yield Bench(ovs, _plan())


def _syn(source_port: int, port: int) -> Frame:
    return Frame(WEB, VIRTUAL, "10.10.0.11", "10.10.0.31", 6, source_port, port, SYN)


def _hits(bench: Bench) -> dict[int, int]:
    counted = {n: bench.hits(cookie(Cause.AUDIT, n)) for n in (101, 102, 200)}
    return counted | {103: bench.hits(cookie(Cause.RULE, 103))}


def test_a_connection_is_counted_once_however_long_it_lasts(bench: Bench) -> None:
    before = _hits(bench)
    syn = _syn(4001, 443)
    seen = bench.passes("web", syn, "stock")
    bench.passes("stock", seen.reply(flags=SYN_ACK), "web")
    for _ in range(5):
        bench.passes("web", replace(syn, flags=ACK), "stock")
    after = _hits(bench)
    assert {number: after[number] - before[number] for number in after} == {
        **dict.fromkeys(after, 1),
        103: 6,  # the rule that admits it counts all that the client sends
    }


def test_what_is_denied_is_counted_and_still_denied(bench: Bench) -> None:
    before = _hits(bench)
    for source_port in (4101, 4102, 4103):
        assert bench.send("web", encode(_syn(source_port, 22))) == {}
    after = _hits(bench)
    assert {n: after[n] - before[n] for n in after} == {101: 3, 102: 0, 200: 3, 103: 0}

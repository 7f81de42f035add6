"""A plan's queues, host by host, as databases are told of them."""

from dataclasses import replace

from tests.plans import rule, shop_plan
from translators.plan.model import Plan, Shaping
from xds_server.controller.queues import queues_of
from xds_server.snapshots.queues import PortQueue


def _plan(shape: Shaping | None) -> Plan:
    ends = {"sources": ("shop/web",), "endpoints": ("shop/stock",)}
    one = rule("shop/p[0]", 5, shape=shape, **ends)
    return replace(shop_plan(), rules=(one,), captures=())


def test_each_host_gets_the_queues_of_its_own_ports() -> None:
    plan = _plan(Shaping(1000, 200, 18, queue=True))
    web, stock = (plan.endpoint[name].port for name in ("shop/web", "shop/stock"))
    queue = PortQueue(5, 1000, 200, "shop/p[0]", 18)
    assert queues_of(plan) == {"host1": {web: (queue,)}, "host2": {stock: (queue,)}}


def test_without_queues_there_is_nothing_to_tell() -> None:
    assert queues_of(_plan(None)) == queues_of(_plan(Shaping(1000, 200))) == {}

import asyncio
from dataclasses import replace

from tests.controlling import Sinks
from tests.plans import rule, shop_plan
from translators.openflow.cookie import Cause, cookie
from translators.openflow.tables import Table
from translators.plan.model import Shaping
from xds_server.controller.counting import Counting, drops, rule_hits, totals
from xds_server.controller.state import State
from xds_server.protocols.openflow.counters import Counters

PLAN = shop_plan()
RULE = PLAN.rules[0]
ONE, OTHER = cookie(Cause.RULE, RULE.number), cookie(Cause.CLOSURE, RULE.number)


def _counting(sinks: Sinks) -> Counting:
    return Counting(lambda: State(plan=PLAN), sinks.bridges)


def test_bridges_and_tables_are_added_up_by_rule() -> None:
    first = Counters({(20, ONE): (1, 100), (20, OTHER): (2, 200)})
    answers = {"host1": first, "host2": Counters({(22, ONE): (3, 300)})}
    assert rule_hits(PLAN, answers) == {RULE.name: (6, 600)}


def test_flows_without_a_rule_and_of_others_are_left_out() -> None:
    met = {(44, cookie(Cause.DELIVER, 1)): (9, 9), (0, 0x1234): (9, 9)}
    assert rule_hits(PLAN, {"host1": Counters(met)}) == {}
    assert drops(State(plan=PLAN), {"host1": Counters(met)}) == ()


async def test_every_declared_bridge_is_asked() -> None:
    sinks = Sinks()
    for host in PLAN.hosts:
        sinks.counters[host.datapath_id] = Counters({(20, ONE): (1, 10)})
    assert rule_hits(PLAN, await _counting(sinks).look()) == {RULE.name: (2, 20)}


async def test_a_silent_bridge_hides_no_others() -> None:
    sinks = Sinks()
    first, second = (host.datapath_id for host in PLAN.hosts)
    sinks.counters[first] = Counters({(20, ONE): (1, 10)})
    answers = sinks.bridges.counters

    async def some_time_out(datapath_id: int) -> Counters | None:
        if datapath_id == second:
            raise TimeoutError
        return await answers(datapath_id)

    sinks.bridges.counters = some_time_out  # type: ignore[method-assign]
    found = await _counting(sinks).look()
    assert list(found) == ["host1"]
    assert rule_hits(PLAN, found) == {RULE.name: (1, 10)}


async def test_all_who_ask_at_once_share_one_reading() -> None:
    sinks = Sinks()
    asked: list[int] = []

    async def slow(datapath_id: int) -> Counters | None:
        asked.append(datapath_id)
        await asyncio.sleep(0)
        return Counters()

    sinks.bridges.counters = slow  # type: ignore[method-assign]
    counting = _counting(sinks)
    await asyncio.gather(*(counting.look() for _ in range(5)))
    assert len(asked) == len(PLAN.hosts)
    await counting.look()
    assert len(asked) == 2 * len(PLAN.hosts)


def test_drops_are_told_in_the_order_of_the_pipeline_and_zeros_are_not() -> None:
    met = {
        (Table.STATE, cookie(Cause.INVALID)): (2, 120),
        (Table.SPOOF, cookie(Cause.SPOOFED, 1)): (4, 240),
        (Table.ADDRESS, cookie(Cause.UNKNOWN, 1)): (0, 0),
        (Table.DELIVER, cookie(Cause.DELIVER, 1)): (7, 700),
    }
    found = drops(State(plan=PLAN), {"host1": Counters(met), "gone": Counters(met)})
    assert [(one.stage, one.drop.cause, one.packets, one.bytes) for one in found] == [
        ("spoof(1)", "spoofed-source", 4, 240),
        ("state(11)", "invalid-state", 2, 120),
    ]


def test_meters_of_both_directions_are_one_rules_drops() -> None:
    limit = Shaping(1000, 200, None)
    shaped = rule("shop/p[0]", 5, sources=("shop/web",), endpoints=("shop/stock",), shape=limit)
    plan = replace(PLAN, rules=(shaped,), captures=())
    state = State(plan=plan, ports={"host1": {"web": 1}})
    (one,) = drops(state, {"host1": Counters({}, {11: (3, 300), 12: (1, 100), 99: (8, 8)})})
    assert (one.stage, one.drop.cause, one.drop.subject) == ("meter", "shape", "shop/p[0]")
    assert (one.packets, one.bytes) == (4, 400)
    assert drops(state, {"host1": Counters({}, {11: (0, 0)})}) == ()


def test_queues_are_told_by_rule_and_those_of_others_are_not() -> None:
    limit = Shaping(1000, 200, 18, queue=True)
    both = ("shop/web", "shop/reviews-2")  # on host1, as are their ports
    shaped = rule("shop/p[0]", 5, sources=both, endpoints=("shop/stock",), shape=limit)
    plan = replace(PLAN, rules=(shaped,), captures=())
    state = State(plan=plan, ports={"host1": {"web": 1, "reviews-2": 2, "spy": 3}})
    dropped = {(1, 5): 3, (2, 5): 4, (3, 5): 90, (1, 6): 90}
    (one,) = drops(state, {"host1": Counters({}, {}, dropped)})
    assert (one.stage, one.drop.cause, one.drop.subject) == ("queue", "shape", "shop/p[0]")
    assert (one.packets, one.bytes) == (7, 0)
    assert drops(state, {"host1": Counters({}, {}, {(1, 5): 0})}) == ()


async def test_the_metrics_are_what_was_read_last() -> None:
    sinks = Sinks()
    place = (Table.STATE, cookie(Cause.INVALID))
    later = (Table.POLICY, cookie(Cause.NO_TENANT))
    unmet = (Table.POLICY, cookie(Cause.RULE, PLAN.rules[1].number))
    allowing = PLAN.rules[-1]
    one = cookie(Cause.RULE, allowing.number)
    met = {place: (2, 120), later: (1, 60), (20, one): (4, 240), (22, one): (1, 60), unmet: (0, 0)}
    sinks.counters[PLAN.hosts[0].datapath_id] = Counters(met)
    sinks.counters[PLAN.hosts[1].datapath_id] = Counters({(22, one): (7, 420)})
    counting = _counting(sinks)
    assert (counting.totals, counting.hits) == ({}, {})
    await counting.look()
    assert counting.hits == {("host1", allowing.name): (5, 300), ("host2", allowing.name): (7, 420)}
    assert counting.totals == {
        ("host1", "invalid-state"): (2, 120),
        ("host1", "no-tenant"): (1, 60),
    }
    twice = drops(State(plan=PLAN), {"host1": Counters({place: (2, 120), (5, place[1]): (1, 1)})})
    assert totals(twice) == {("host1", "invalid-state"): (3, 121)}

from collections.abc import Mapping

from tests.controlling import Sinks
from tests.plans import shop_plan
from translators.openflow.cookie import Cause, cookie
from xds_server.controller.counting import added_up, rule_hits

PLAN = shop_plan()
RULE = PLAN.rules[0]


def test_bridges_are_added_up_by_rule() -> None:
    one, other = cookie(Cause.RULE, RULE.number), cookie(Cause.CLOSURE, RULE.number)
    hits = added_up(PLAN, [{one: (1, 100), other: (2, 200)}, {one: (3, 300)}, {}])
    assert hits == {RULE.name: (6, 600)}


def test_flows_without_a_rule_and_of_others_are_left_out() -> None:
    assert added_up(PLAN, [{cookie(Cause.DELIVER, 1): (9, 9), 0x1234: (9, 9)}]) == {}


async def test_every_declared_bridge_is_asked() -> None:
    sinks = Sinks()
    for host in PLAN.hosts:
        sinks.hits[host.datapath_id] = {cookie(Cause.RULE, RULE.number): (1, 10)}
    assert await rule_hits(PLAN, sinks.bridges) == {RULE.name: (2, 20)}


async def test_a_silent_bridge_hides_no_others() -> None:
    sinks = Sinks()
    first, second = (host.datapath_id for host in PLAN.hosts)
    sinks.hits[first] = {cookie(Cause.RULE, RULE.number): (1, 10)}
    answers = sinks.bridges.counters

    async def some_time_out(datapath_id: int) -> Mapping[int, tuple[int, int]]:
        if datapath_id == second:
            raise TimeoutError
        return await answers(datapath_id)

    sinks.bridges.counters = some_time_out  # type: ignore[method-assign]
    assert await rule_hits(PLAN, sinks.bridges) == {RULE.name: (1, 10)}

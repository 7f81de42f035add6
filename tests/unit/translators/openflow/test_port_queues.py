"""Which ports have which queues, and their numbers."""

from dataclasses import replace

from tests.plans import rule, shop_plan
from translators.openflow.port_queues import by_port, queues_of
from translators.plan.model import Plan, Rule, Shaping

LIMIT = Shaping(1000, 200, queue=True)


def _rule(number: int, shape: Shaping | None = LIMIT, **fields: object) -> Rule:
    wanted: dict[str, object] = {
        "sources": ("shop/web",),
        "endpoints": ("shop/reviews-2",),
    } | fields
    return rule(f"shop/p[{number}]", number, shape=shape, **wanted)


def _plan(*rules: Rule) -> Plan:
    return replace(shop_plan(), rules=rules, captures=())


def test_both_ends_have_the_queue_each_on_its_own_host() -> None:
    plan = _plan(one := _rule(5, endpoints=("shop/reviews-2", "shop/stock")))
    ports = {e.name: e.port for e in plan.endpoints}
    here, there = by_port(plan, "host1"), by_port(plan, "host2")
    assert set(here) == {ports["shop/web"], ports["shop/reviews-2"]}
    assert set(there) == {ports["shop/stock"]}
    (queue,) = here[ports["shop/web"]]
    assert (queue.number, queue.rule, queue.receivers) == (5, one, ("shop/reviews-2",))
    assert queue.senders == ("shop/web",)


def test_a_service_stands_for_its_endpoints() -> None:
    plan = _plan(_rule(5, endpoints=(), services=("shop/reviews",)))
    ends = plan.service["shop/reviews"].endpoints
    there = {e.port for e in plan.endpoints if e.name in ends and e.host == "host2"}
    assert there
    assert set(by_port(plan, "host2")) == there


def test_other_shapes_have_no_queue() -> None:
    plan = _plan(_rule(5, Shaping(1000, 200)), _rule(6, Shaping(dscp=8)), _rule(7, None))
    assert queues_of(plan, "host1") == ()


def test_numbers_are_the_rules_own_and_never_that_of_all_else() -> None:
    most = 0xEFFF
    found = queues_of(_plan(_rule(5 + most), _rule(5), _rule(most)), "host1")
    numbers = {queue.rule.number: queue.number for queue in found}
    assert numbers == {5: 5, 5 + most: 6, most: most}
    assert queues_of(_plan(_rule(2 * most)), "host1")[0].number == most

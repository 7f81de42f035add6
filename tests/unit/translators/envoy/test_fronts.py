from dataclasses import replace

from tests.plans import shop_plan
from tests.unit.translators.envoy.doors import with_captured, with_endpoints, with_rules
from tests.unit.translators.envoy.test_proxies import moved
from translators.envoy.filters.access_log import Logged
from translators.envoy.fronts import NOTHING, Fronts, fronts
from translators.envoy.resources import LISTENER, ROUTE
from translators.plan.model import Plan


def made(plan: Plan, before: Fronts = NOTHING, logged: Logged = Logged.DENIED) -> Fronts:
    return fronts(plan, plan.captures[0], logged, before)


def test_a_moved_backend_changes_no_front() -> None:
    before = made(shop_plan())
    assert {one.type_url for one in before.resources["host1"]} == {LISTENER, ROUTE}
    assert made(moved(shop_plan(), "shop/reviews-1"), before) is before


def test_a_moved_source_does() -> None:
    plan = shop_plan()
    before = made(plan)
    after = made(moved(plan, plan.captures[0].sources[0]), before)
    assert after.resources != before.resources
    assert after == made(moved(plan, plan.captures[0].sources[0]))


def test_a_source_on_another_host_does() -> None:
    plan = shop_plan()
    source = plan.endpoint[plan.captures[0].sources[0]]
    gone = replace(source, host="host2")
    other = with_endpoints(plan, *(gone if e is source else e for e in plan.endpoints))
    assert set(made(other, made(plan)).resources) == {"host2"}


def test_a_rule_that_goes_and_another_log_do() -> None:
    before = made(shop_plan())
    assert made(with_rules(shop_plan()), before) is not before
    assert made(shop_plan(), before, Logged.EVERYTHING).resources != before.resources


def test_hosts_that_name_the_same_clusters_share_them() -> None:
    both = ("shop/stock", "shop/web")
    plan = with_captured(shop_plan(), *both)
    rules = tuple(replace(rule, sources=both) for rule in plan.rules)
    named = made(with_rules(plan, *rules)).named
    assert named["host1"]
    assert named["host1"] is named["host2"]

from dataclasses import replace

from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import (
    compiled,
    plan_of,
    policy,
    service,
    workload,
    world,
)
from translators.compiler.pipeline import compile_policy
from translators.plan.lineage import Lineage, differing, unlike

ALLOW = {"action": "allow"}


def test_what_differs_is_found_between_any_two_plans() -> None:
    one = plan_of(service(), policy("p", ALLOW), workload("x", 50, "x"))
    other = plan_of(service(), policy("q", ALLOW), workload("x", 51, "x"))
    assert differing(one, other, "rules") == {"shop/p[0]", "shop/q[0]"}
    assert differing(one, other, "endpoints") == {"shop/x"}
    assert differing(one, one, "endpoints") == frozenset()
    assert [e.name for e in unlike(one, other, "endpoints")[1]] == ["shop/x"]


def test_a_plan_says_itself_how_it_differs_from_the_one_it_was_made_from() -> None:
    before = compiled()
    changed = documents_of([*world()[:3], workload("web", 12, "web"), *world()[4:]])
    after = compile_policy(changed, before.allocations, before)
    part, names = after.plan.lineage.since["endpoints"]
    assert part is before.plan.endpoints
    assert set(names) == {"shop/web"}
    assert differing(before.plan, after.plan, "endpoints") == {"shop/web"}
    alike = replace(before.plan, endpoints=tuple(replace(e) for e in before.plan.endpoints))
    assert differing(alike, after.plan, "endpoints") == {"shop/web"}


def test_a_plan_that_is_made_of_another_by_hand_knows_its_own_objects() -> None:
    after = compiled().plan
    fewer = replace(after, endpoints=after.endpoints[1:])
    assert fewer.endpoint.keys() == {e.name for e in after.endpoints[1:]}
    assert fewer.lineage == Lineage()


def test_objects_without_a_name_of_their_own_are_told_apart_by_identity() -> None:
    plan = plan_of(service(), policy("p", ALLOW), policy("q", ALLOW))
    fewer = replace(plan, placements=plan.placements[1:])
    assert unlike(plan, fewer, "placements") == ([plan.placements[0]], [])

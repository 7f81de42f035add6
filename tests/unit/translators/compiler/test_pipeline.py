from dataclasses import fields, replace
from pathlib import Path

from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import compiled, policy, service, workload, world
from translators.compiler.advice import Advice
from translators.compiler.allocations import Allocations
from translators.compiler.draft import Draft
from translators.compiler.pipeline import ADVISED_BY, GRAPH, compile_policy
from translators.diagnostics import has_errors
from translators.plan.canonical import to_yaml
from translators.policy.load import load

GET = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}
SHOP = Path(__file__).parents[4] / "examples" / "shop"


def test_the_example_compiles_without_a_word() -> None:
    documents = [
        d for p in sorted(SHOP.glob("*.yaml")) for d in load(p.read_text(), p.name).documents
    ]
    found = compile_policy(documents)
    assert found.diagnostics == ()
    assert [capture.service for capture in found.plan.captures] == ["shop/reviews"]
    assert [rule.name for rule in found.plan.rules][:2] == [
        "shop/stock-closed[0]",
        "shop/reviews[0]",
    ]


def test_the_example_of_a_network_compiles_without_a_word() -> None:
    text = (SHOP.parent / "network" / "policy.yaml").read_text()
    found = compile_policy(load(text, "policy.yaml").documents)
    assert found.diagnostics == ()
    assert found.plan.joined("shop/front", "shop/back")
    assert found.plan.segment["shop/front"].dhcp == "shop/dhcp"
    assert [str(n) for n in found.plan.rules[-1].externals] == ["0.0.0.0/0"]


def test_nothing_compiles_to_nothing() -> None:
    found = compile_policy(())
    assert (found.plan.tenants, found.diagnostics) == ((), ())
    assert found.allocations == Allocations()


class Poison:
    """Stands for what a step has not said that it reads."""

    def __getattribute__(self, name: str) -> object:
        raise AssertionError("a step reads what the graph does not say")


def test_a_step_reads_what_stands_above_it_and_nothing_else() -> None:
    things = world(service(), policy("p", GET, {"action": "allow"}))
    before = compile_policy(documents_of(things))
    after = compile_policy(documents_of(things[:-1]), before.allocations, before)
    made = {"catalogue", "stored"}
    for step in GRAPH:
        assert made >= set(step.reads), step.name
        hidden = {f.name: Poison() for f in fields(Draft) if f.name not in step.reads}
        now, then = replace(after.draft, **hidden), replace(before.draft, **hidden)
        then = replace(then, **{step.name: getattr(before.draft, step.name)})
        assert step.make(now, then) == getattr(after.draft, step.name), step.name
        made.add(step.name)
    assert made == {f.name for f in fields(Draft)}


def test_advice_reads_what_is_said_of_it_and_nothing_else() -> None:
    shadowed = policy("p", GET, {"action": "allow"}, GET)
    before = compile_policy(documents_of(world(service(), shadowed)))
    assert [one.code for one in before.advice] == ["FS4001"]
    things = world(service(), shadowed, workload("web-2", 12, "web"))
    after = compile_policy(documents_of(things), before.allocations, before)
    hidden = {f.name: Poison() for f in fields(Draft) if f.name not in ADVISED_BY}
    now, then = replace(after.draft, **hidden), replace(before.draft, **hidden)
    assert list(Advice(now, then, before.advice)) == list(after.advice)
    assert list(Advice(now)) == list(after.advice)


def test_what_did_not_change_is_the_same_object() -> None:
    things = world(service(), policy("p", GET, {"action": "allow"}))
    before = compile_policy(documents_of(things))
    things[3] = workload("web", 12, "web")
    after = compile_policy(documents_of(things), before.allocations, before)
    assert after.plan.endpoint["shop/web"] != before.plan.endpoint["shop/web"]
    assert after.plan.endpoint["shop/api-1"] is before.plan.endpoint["shop/api-1"]
    assert after.plan.rules is before.plan.rules
    assert after.plan.captures is before.plan.captures
    again = compile_policy(documents_of(things), after.allocations, after)
    assert again.plan is after.plan


def test_stored_allocations_reach_the_plan() -> None:
    things = world(service(), policy("p", {"action": "allow"}))
    held = Allocations(tenants={"shop": 7}, endpoints={"shop/web": 9}, rules={"shop/p[0]": 11})
    plan = compile_policy(documents_of(things), held).plan
    assert plan.tenants[0].number == 7
    assert plan.endpoint["shop/web"].identity == 9
    assert plan.rules[0].number == 11


def test_errors_are_sorted_and_said_once() -> None:
    found = compiled(policy("p", {"action": "allow"}, to=[{"service": "x"}, {"service": "x"}]))
    assert has_errors(found.diagnostics)
    assert list(found.diagnostics) == sorted(set(found.diagnostics))
    assert "rules" in to_yaml(found.plan)

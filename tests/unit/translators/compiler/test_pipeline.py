from pathlib import Path

from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import compiled, policy, service, world
from translators.compiler.allocations import Allocations
from translators.compiler.pipeline import PASSES, compile_policy
from translators.diagnostics import has_errors
from translators.plan.canonical import to_yaml
from translators.policy.load import load

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


def test_nothing_compiles_to_nothing() -> None:
    found = compile_policy(())
    assert (found.plan.tenants, found.diagnostics) == ((), ())
    assert found.allocations == Allocations()


def test_passes_come_in_reading_order() -> None:
    assert [step.__name__ for step in PASSES] == [
        "resolve",
        "allocate",
        "nouns",
        "raw",
        "order",
        "place",
        "check",
    ]


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

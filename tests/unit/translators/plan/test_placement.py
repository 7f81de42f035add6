from tests.unit.translators.compiler.small import plan_of, policy, service
from translators.plan.model import Layer

GET = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}
ALL = {"action": "allow"}


def test_a_clause_for_a_proxy_captures_and_is_placed_there_with_its_reason() -> None:
    plan = plan_of(service(), policy("p", GET))
    (capture,) = plan.captures
    assert (capture.service, capture.port, capture.rule) == ("shop/api", 80, "shop/p[0]")
    assert "shop/web" in capture.sources
    (placed,) = plan.placements
    assert (placed.rule, placed.layer) == ("shop/p[0]", Layer.PROXY)
    assert placed.reason


def test_a_clause_that_a_bridge_can_carry_captures_nobody() -> None:
    plan = plan_of(service(), policy("p", ALL))
    assert not plan.captures
    assert {placed.layer for placed in plan.placements} == {Layer.VSWITCH}

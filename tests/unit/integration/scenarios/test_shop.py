from integration.scenarios.isolation import DENIAL
from integration.scenarios.shop import AUDIT, REVIEWS, SPY, STOCK, WEB, shop_plan


def test_the_example_compiles_to_what_the_demo_speaks_of() -> None:
    plan = shop_plan()
    assert {WEB, SPY, AUDIT} <= set(plan.endpoint)
    assert {REVIEWS, STOCK} <= set(plan.service)
    assert DENIAL in {rule.name for rule in plan.rules}
    assert [capture.service for capture in plan.captures] == [REVIEWS]

import pytest

from translators.plan.explanation import Step


def test_steps_are_values_in_order() -> None:
    first = Step(
        "proxy", "host1/envoy", "allow", "route a", "shop/p[0]", "a.yaml:1", "a rule allows it"
    )
    second = Step("vswitch", "host1/br-int", "steer", "table=1", "", "", "captured")
    assert sorted([second, first]) == [first, second]
    with pytest.raises(AttributeError):
        first.verdict = "deny"  # type: ignore[misc]

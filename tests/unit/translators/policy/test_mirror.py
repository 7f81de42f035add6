"""Who gets copies, and which rules can have them."""

import pytest
from pydantic import ValidationError

from translators.policy.policy import Rule

TAP = {"mirror": {"workload": "tap"}}


def test_a_rule_that_allows_connections_can_be_mirrored() -> None:
    rule = Rule.model_validate({"action": "allow", **TAP})
    assert rule.mirror is not None
    assert rule.mirror.workload == "tap"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"action": "deny"}, "only what a rule allows is mirrored"),
        ({"action": "audit"}, "only what a rule allows is mirrored"),
        ({"action": "allow", "enforce": "proxy"}, "see no requests"),
        ({"action": "allow", "route": {"to": [{}]}}, "see no requests"),
        ({"action": "allow", "match": {"http": {"methods": ["GET"]}}}, "see no requests"),
    ],
)
def test_others_cannot(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Rule.model_validate({**given, **TAP})


@pytest.mark.parametrize("mirror", [{}, {"workload": ""}, {"subset": "v3"}, {"workload": 7}])
def test_a_collector_is_a_workload(mirror: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"action": "allow", "mirror": mirror})

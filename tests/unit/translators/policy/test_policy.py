import pytest

from tests.unit.translators.policy.specimens import good, refused

ROUTE = {"to": [{"subset": "v1", "weight": 90}, {}], "timeout": "2s"}


def test_a_route_allows_by_itself() -> None:
    (rule,) = good("Policy", rules=[{"route": ROUTE}]).spec.rules
    assert rule.route is not None
    assert [(s.subset, s.weight) for s in rule.route.to] == [("v1", 90), (None, 1)]
    assert rule.route.timeout == 2.0


def test_a_retry_needs_no_destinations() -> None:
    rules = [{"route": {"retry": {"attempts": 0}}}, {"route": {"retry": {"codes": [503]}}}]
    never, again = good("Policy", rules=rules).spec.rules
    assert never.route is not None
    assert again.route is not None
    assert [(s.subset, s.weight) for s in never.route.to] == [(None, 1)]
    assert (never.route.retry.attempts, never.route.retry.codes) == (0, None)
    assert (again.route.retry.attempts, again.route.retry.codes) == (1, [503])


def test_encrypt_off_is_all_there_is() -> None:
    assert good("Policy", encrypt="off").spec.encrypt == "off"
    assert refused("Policy", encrypt="required") == [("FS1013", "spec.encrypt")]
    assert refused("Policy", encrypt="permissive") == [("FS1013", "spec.encrypt")]
    assert refused("Policy", encrypt=False) == [("FS1012", "spec.encrypt")]


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"from": []}, "FS1012", "spec.from"),
        ({"from": [{}]}, "FS1011", "spec.from[0]"),
        ({"from": [{"any": False}]}, "FS1012", "spec.from[0].any"),
        ({"from": [{"any": True, "cidr": "10.0.0.0/8"}]}, "FS1015", "spec.from[0].any"),
        ({"from": [{"service": "api"}]}, "FS1003", "spec.from[0].service"),
        ({"from": [{"labels": {}}]}, "FS1012", "spec.from[0].labels"),
        ({"to": [{"gateway": "edge"}]}, "FS1013", "spec.to[0].gateway"),
        ({"rules": []}, "FS1012", "spec.rules"),
        ({"rules": [{"action": "deny", "route": ROUTE}]}, "FS1015", "spec.rules[0].route"),
        ({"rules": [{"match": {}}]}, "FS1011", "spec.rules[0]"),
        ({"rules": [{"route": {"to": []}}]}, "FS1012", "spec.rules[0].route.to"),
        ({"priority": -1}, "FS1012", "spec.priority"),
    ],
)
def test_refusals(fields: dict[str, object], code: str, path: str) -> None:
    found = refused("Policy", **fields)
    assert (code, path) in found
    assert len(found) == 1


def test_a_policy_cuts_unless_it_drains() -> None:
    assert good("Policy").spec.revoke == "cut"
    assert good("Policy", revoke="drain").spec.revoke == "drain"
    assert [path for _, path in refused("Policy", revoke="later")] == ["spec.revoke"]

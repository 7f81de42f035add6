from tests.unit.translators.compiler.small import plan_of, policy, service
from translators.plan.model import Action, Layer

ALLOW, DENY = {"action": "allow"}, {"action": "deny"}
TCP = {"match": {"tcp": {}}}


def test_priority_then_denials_then_names_then_the_text() -> None:
    plan = plan_of(
        service(),
        policy("c", {**TCP, **DENY}, ALLOW),
        policy("b", ALLOW),
        policy("z", {**TCP, **DENY}, DENY),
        policy("high", ALLOW, priority=5),
        policy("a", {**TCP, **ALLOW}, DENY),
    )
    assert [rule.name for rule in plan.rules] == [
        "shop/high[0]",
        "shop/z[0]",
        "shop/z[1]",
        "shop/a[0]",
        "shop/a[1]",
        "shop/b[0]",
        "shop/c[0]",
        "shop/c[1]",
    ]


def test_a_route_is_an_allowance_and_pins_are_layers() -> None:
    route = {"match": {"http": {}}, "route": {"to": [{}]}}
    pin = {"match": {"icmp": {}}, **DENY, "enforce": "vswitch"}
    one, two = plan_of(service(), policy("p", route, pin)).rules
    assert (one.action, one.enforce) == (Action.ALLOW, None)
    assert (two.action, two.enforce) == (Action.DENY, Layer.VSWITCH)
    assert one.number != two.number


def test_only_a_policy_that_drains_says_so() -> None:
    cut, drain = plan_of(service(), policy("a", ALLOW), policy("b", ALLOW, revoke="drain")).rules
    assert (cut.drain, drain.drain) == (None, True)

from dataclasses import replace

from tests.unit.translators.compiler.small import plan_of, policy, service, workload
from translators.plan.diff import Change, diff
from translators.plan.model import Origin

GET = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}
ALLOW = {"action": "allow"}


def test_equal_plans_have_no_changes() -> None:
    assert diff(plan_of(service()), plan_of(service())) == ()


def test_moving_an_object_in_its_file_is_no_change() -> None:
    plan = plan_of(service())
    moved = [replace(e, origin=Origin("elsewhere.yaml", 99)) for e in plan.endpoints]
    assert diff(plan, replace(plan, endpoints=tuple(moved))) == ()


def test_additions_and_removals_are_named() -> None:
    old, new = plan_of(service(), policy("p", ALLOW)), plan_of(service(), policy("q", GET))
    found = [(c.kind, c.name, c.change) for c in diff(old, new)]
    assert found == [
        ("capture", "shop/api:80", "added"),
        ("placement", "shop/p[0] at vswitch", "removed"),
        ("placement", "shop/q[0] at proxy", "added"),
        ("rule", "shop/p[0]", "removed"),
        ("rule", "shop/q[0]", "added"),
    ]


def test_a_change_tells_old_and_new() -> None:
    old = plan_of(workload("x", 50, "x"))
    new = plan_of(workload("x", 50, "x", proxy="none", addresses=["10.10.0.51"]))
    (change,) = diff(old, new)
    assert change == Change(
        "endpoint",
        "shop/x",
        "changed",
        'addresses: ["10.10.0.50", "fd10:10::50"] -> ["10.10.0.51"]; proxy: node -> none',
    )
    assert str(change).startswith("~ endpoint shop/x: addresses")


def test_reordering_rules_is_a_change() -> None:
    tcp = {"match": {"tcp": {}}, "action": "allow"}
    one, two = policy("a", tcp), policy("b", ALLOW)
    later = policy("a", tcp, priority=0)
    higher = policy("b", ALLOW, priority=9)
    old, new = plan_of(service(), one, two), plan_of(service(), later, higher)
    assert [str(c) for c in diff(old, new) if c.kind == "rule"] == [
        "~ rule shop/a[0]: order: 1 -> 2",
        "~ rule shop/b[0]: order: 2 -> 1",
    ]

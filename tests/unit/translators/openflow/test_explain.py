"""Explanations name the bridge, the flow, the rule and the line."""

from dataclasses import replace
from ipaddress import ip_address

from tests import plans
from tests.plans import shop_plan
from translators.openflow.explain import explain, explain_upstream
from translators.plan.evaluate import Packet
from translators.plan.explanation import Step
from translators.plan.model import Origin, Shaping

PLAN = shop_plan()
PLAN = replace(PLAN, rules=tuple(replace(r, origin=Origin("p.yaml", r.number)) for r in PLAN.rules))


def _rows(name: str, destination: str, protocol: int = 6, port: int = 80) -> tuple[Step, ...]:
    there = ip_address(destination)
    own = next(a for a in PLAN.endpoint[name].addresses if a.version == there.version)
    return explain(PLAN, Packet(name, own, there, protocol, 40000, port))


def test_an_allowed_connection_passes_both_bridges() -> None:
    rows = _rows("shop/web", "10.10.0.201")
    assert [(r.device, r.verdict) for r in rows] == [
        ("host1/br-int", "allow"),
        ("host2/br-int", "allow"),
    ]
    assert {(r.rule, r.origin) for r in rows} == {("shop/stock[0]", "p.yaml:4")}
    assert "table=20" in rows[0].native
    assert "table=22" in rows[1].native


def test_a_captured_connection_ends_at_the_proxy() -> None:
    (row,) = _rows("shop/web", "fd10:10::ff10")
    assert (row.verdict, row.rule) == ("steer", "shop/reviews[0]")
    assert row.reason == "an HTTP match needs the proxy"


def test_the_proxys_own_connection_is_explained_too() -> None:
    ends = ip_address("10.10.0.11"), ip_address("10.10.0.21")
    rows = explain_upstream(PLAN, Packet("shop/web", *ends, 6, 1, 8080))
    assert [r.verdict for r in rows] == ["allow", "allow"]
    (row,) = explain_upstream(PLAN, Packet("shop/web", *ends, 6, 1, 22))
    assert row.verdict == "deny"
    assert "only what its clients are captured for" in row.reason


def test_a_gateway_answers_and_says_so() -> None:
    (row,) = _rows("shop/web", "10.10.0.1", protocol=1, port=0)
    assert (row.verdict, row.rule) == ("allow", "")
    assert row.reason == "the bridge itself answers pings of a gateway"
    assert "in_port" in row.native


def test_denials_say_why() -> None:
    for name, destination, port, reason, rule in (
        ("shop/web", "10.10.0.21", 8080, "around the proxy", "shop/reviews[0]"),
        ("shop/reviews-1", "10.10.0.201", 80, "a rule denies it", "shop/stock-closed[0]"),
        ("shop/web", "10.20.0.11", 80, "isolated", ""),
        ("rival/spy", "10.10.0.11", 80, "isolated", ""),
        ("shop/web", "10.10.0.11", 80, "own address", ""),
        ("shop/web", "10.10.0.99", 80, "no workload or service", ""),
        ("shop/web", "10.10.0.200", 81, "no such port", ""),
        ("shop/web", "10.10.0.31", 22, "default is deny", ""),
    ):
        (row,) = _rows(name, destination, port=port)
        assert row.verdict == "deny", row
        assert reason in row.reason, row
        assert row.rule == rule, row


def test_a_forged_source_is_named() -> None:
    forged = Packet("shop/web", ip_address("10.10.0.22"), ip_address("10.10.0.31"), 6, 1, 80)
    (row,) = explain(PLAN, forged)
    assert "does not belong" in row.reason


def test_a_shape_says_whether_what_follows_waits() -> None:
    ends = {"sources": ("shop/web",), "endpoints": ("shop/reviews-2",)}
    said = {}
    for queue in (False, True):
        shape = Shaping(1000, 200, queue=queue)
        shaped = plans.rule("shop/p[0]", 5, shape=shape, **ends)
        plan = replace(PLAN, rules=(shaped,), captures=())
        packet = Packet(
            "shop/web", ip_address("10.10.0.11"), ip_address("10.10.0.22"), 6, 40_000, 22
        )
        (row,) = [step for step in explain(plan, packet) if step.verdict == "shape"]
        assert row.rule == "shop/p[0]"
        said[queue] = row.reason
    assert said[False] == "the rule that admits it limits or marks it"
    assert "lets what follows wait in a queue of each receiver's port" in said[True]

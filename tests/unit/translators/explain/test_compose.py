import pytest

from tests.plans import shop_plan
from translators.explain import Question, explain, packet_of
from translators.plan.evaluate import evaluate
from translators.plan.http import Request
from translators.plan.model import TCP, Action

PLAN = shop_plan()


def rows(destination: str, request: Request | None = None, port: int = 80) -> list[tuple[str, str]]:
    packet = packet_of(PLAN, Question("web", destination, protocol=TCP, port=port))
    found = explain(PLAN, packet, request)
    assert found.verdict == evaluate(PLAN, packet, request)
    return [(step.layer, step.verdict) for step in found.steps]


def test_a_request_passes_vswitch_proxy_fabric_and_vswitch() -> None:
    layers = [layer for layer, _ in rows("reviews", Request("GET", "/x"))]
    assert layers[:2] == ["vswitch", "proxy"]
    assert layers.index("proxy") < layers.index("fabric")
    assert layers[-1] == "vswitch"


def test_a_denied_request_ends_at_the_proxy() -> None:
    assert rows("reviews", Request("GET", "/admin"))[-1] == ("proxy", "deny")


def test_a_denied_packet_ends_at_its_own_bridge() -> None:
    found = rows("spy", port=22)
    assert found == [("vswitch", "deny")]


def test_without_a_request_nothing_lies_behind_the_proxy() -> None:
    assert "fabric" not in [layer for layer, _ in rows("reviews")]


@pytest.mark.parametrize("path", ["/", "/admin", "/admin/x", "/a%2fb"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_rows_agree_with_the_verdict(path: str, method: str) -> None:
    packet = packet_of(PLAN, Question("web", "reviews"))
    found = explain(PLAN, packet, Request(method, path))
    denied = any(step.verdict == "deny" for step in found.steps)
    assert denied is (found.verdict.action is Action.DENY)

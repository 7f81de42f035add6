from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from integration.bed.traffic import Report
from integration.scenarios.explained import CASES, COUNT, difference, outcome, question
from integration.scenarios.shop import REVIEWS, WEB, shop_plan

OWN = "10.10.0.11"
PROXIED = {"action": "allow", "layer": "proxy", "targets": ["shop/reviews-1:8080 (weight 90)"]}
PASSED = {"action": "allow", "layer": "vswitch", "targets": ["shop/stock:8080 (weight 1)"]}
DENIED = {"action": "deny", "layer": "proxy", "targets": []}
DROPPED = {"action": "deny", "layer": "vswitch", "targets": []}


def report(
    status: str = "200", name: str = "reviews-1", peer: str = OWN, failed: int = 0
) -> Report:
    answered = COUNT - failed
    named = answered if status == "200" else 0
    return Report(
        answered,
        failed,
        (),
        {status: answered} if answered else {},
        {name: named} if named else {},
        {peer: named} if named else {},
        0.0,
        0.0,
        0.0,
    )


SILENCE = report(failed=COUNT)


@pytest.mark.parametrize(
    ("told", "seen", "passed"),
    [
        (PROXIED, report(), COUNT),
        (PASSED, report(name="stock"), 0),
        (DENIED, report("403"), COUNT),
        (DROPPED, SILENCE, 0),
    ],
)
def test_what_goes_as_explained_differs_in_nothing(
    told: Mapping[str, Any], seen: Report, passed: int
) -> None:
    assert difference(told, seen, passed, OWN) == ""


@pytest.mark.parametrize(
    ("told", "seen", "passed", "said"),
    [
        (PROXIED, report("403"), COUNT, "explained as answered, but 403"),
        (PROXIED, report(failed=1), COUNT, "explained as answered, but 1 of 5 without an answer"),
        (DENIED, report(), COUNT, "explained as 403, but answered"),
        (DENIED, SILENCE, COUNT, "explained as 403, but no answer"),
        (DROPPED, report(), 0, "explained as no answer, but answered"),
        (PROXIED, report(), 0, "explained by the proxy, but 0 of 5 went through Envoy"),
        (DROPPED, SILENCE, 1, "explained by the vswitch, but 1 of 5 went through Envoy"),
        (PROXIED, report(name="stock"), COUNT, "but ['stock'] answered"),
        (PROXIED, report(peer="10.10.0.1"), COUNT, "but seen as ['10.10.0.1']"),
    ],
)
def test_every_difference_is_told(
    told: Mapping[str, Any], seen: Report, passed: int, said: str
) -> None:
    assert said in difference(told, seen, passed, OWN)


def test_a_mixture_of_answers_is_shown_as_it_is() -> None:
    mixed = Report(5, 0, (), {"200": 4, "503": 1}, {"reviews-1": 4}, {OWN: 4}, 0.0, 0.0, 0.0)
    assert outcome(mixed) == "200/503"


def test_a_service_is_asked_for_by_name_and_a_workload_by_address() -> None:
    bed: Any = SimpleNamespace(layout=SimpleNamespace(plan=shop_plan()))
    asked = {case: question(bed, case) for case in CASES}
    headed = next(case for case in CASES if case.header)
    direct = next(case for case in CASES if case.destination == "shop/reviews-1")
    assert (asked[CASES[0]]["source"], asked[CASES[0]]["destination"]) == (WEB, REVIEWS)
    assert (asked[direct]["destination"], asked[direct]["port"]) == ("10.10.0.21", 8080)
    assert asked[headed]["header"] == ["x-tester:1"]

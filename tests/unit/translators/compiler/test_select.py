from typing import Any

import pytest

from tests.unit.translators.compiler.small import (
    codes,
    plan_of,
    policy,
    segment,
    service,
    thing,
    workload,
)
from translators.plan.model import Rule

FAR = workload("far", 31, "far", segment="back", addresses=["10.20.0.31"])
RIVAL = thing("Tenant", "rival", {})
MORE = (segment("back", 20), FAR, service())


def rule(**fields: Any) -> Rule:
    return plan_of(*MORE, policy("p", {"action": "allow"}, **fields)).rules[0]


@pytest.mark.parametrize(
    ("selector", "workloads"),
    [
        ({"labels": {"app": "api", "version": "v2"}}, ("shop/api-2",)),
        ({"workload": "web"}, ("shop/web",)),
        ({"workload": "shop/web"}, ("shop/web",)),
        ({"segment": "back"}, ("shop/far",)),
        ({"cidr": "10.10.0.0/28"}, ("shop/web",)),
        ({"cidr": "fd10:10::20/124"}, ("shop/api-1", "shop/api-2")),
        ({"any": True}, ("shop/api-1", "shop/api-2", "shop/far", "shop/web")),
    ],
)
def test_each_selector(selector: dict[str, object], workloads: tuple[str, ...]) -> None:
    assert rule(from_=[selector], to=[{"any": True}]).sources == workloads
    assert rule(from_=[{"any": True}], to=[selector]).endpoints == workloads


def test_any_and_segment_select_services_too() -> None:
    assert rule(to=[{"any": True}]).services == ("shop/api",)
    assert rule(to=[{"segment": "shop/front"}]).services == ("shop/api",)
    assert rule(from_=[{"any": True}], to=[{"segment": "back"}]).services == ()
    assert rule(to=[{"service": "api"}]).endpoints == ()


def test_selectors_add_up() -> None:
    found = rule(
        from_=[{"workload": "web"}, {"workload": "far"}], to=[{"service": "api"}, {"any": True}]
    )
    assert found.sources == ("shop/far", "shop/web")
    assert len(found.endpoints) == 4


def test_a_selector_without_effect_is_a_warning_a_wrong_name_an_error() -> None:
    allow = {"action": "allow"}
    assert codes(service(), policy("p", allow, from_=[{"labels": {"app": "x"}}])) == ["FS1103"]
    assert codes(service(), policy("p", allow, to=[{"cidr": "192.0.2.0/24"}])) == ["FS1103"]
    assert codes(service(), policy("p", allow, to=[{"service": "x"}])) == ["FS1101"]
    assert codes(service(), RIVAL, policy("p", allow, to=[{"segment": "rival/x"}])) == ["FS1102"]

from typing import Any

import pytest

from tests.properties.worlds import Thing, documents_of
from tests.unit.translators.compiler.small import policy, service, workload, world
from translators.compiler.pipeline import compile_policy
from translators.compiler.selected import selecting

ALLOW = {"action": "allow"}
POLICIES = [
    policy("by-label", ALLOW),
    policy("by-cidr", ALLOW, from_=[{"cidr": "10.10.0.0/28"}]),
    policy("by-name", ALLOW, from_=[{"workload": "web"}], to=[{"workload": "api-1"}]),
    policy("by-any", ALLOW, from_=[{"any": True}]),
]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ([], set()),
        ([workload("web", 50, "web")], {"shop/by-cidr"}),  # its address leaves the CIDR
        ([workload("web", 12, "web")], set()),  # or stays inside
        ([workload("web", 11, "none")], {"shop/by-label"}),
        (
            [service(ports=[{"name": "x", "port": 81}])],
            {"shop/by-any", "shop/by-cidr", "shop/by-label"},
        ),
        ([workload("new", 51, "x")], {"shop/by-any"}),
    ],
)
def test_who_selects_what_changed(changed: list[Thing], found: set[str]) -> None:
    things = world(service(), *POLICIES)
    before = compile_policy(documents_of(things))
    names: dict[Any, Thing] = {(t["kind"], t["metadata"]["name"]): t for t in [*things, *changed]}
    after = compile_policy(documents_of(list(names.values())), before.allocations, before)
    assert selecting(after.draft, before.draft) == found

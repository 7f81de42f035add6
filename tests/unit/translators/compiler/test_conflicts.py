from typing import Any

import pytest

from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import (
    codes,
    compiled,
    policy,
    segment,
    service,
    workload,
    world,
)
from translators.compiler.pipeline import NOTHING, compile_policy

GET: dict[str, Any] = {"match": {"http": {"methods": ["GET"]}}, "action": "allow"}
TCP = {"match": {"tcp": {}}}
ALLOW, DENY = {"action": "allow"}, {"action": "deny"}
DIRECT = {"to": [{"labels": {"app": "api"}}]}


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([ALLOW, {**TCP, **ALLOW}], ["FS4001"]),
        ([{"action": "audit"}, DENY], []),
        ([DENY, {"action": "audit"}], ["FS4001"]),
        ([{**TCP, **ALLOW}, ALLOW], []),
        ([GET, GET], ["FS4001"]),
        ([{"match": {"http": {}}, "action": "allow"}, GET], ["FS4001"]),
        ([GET, {"match": {"http": {}}, "action": "allow"}], []),
        ([{**TCP, **DENY}, GET, ALLOW], ["FS8002"]),
        ([DENY, GET], ["FS8002"]),
        ([ALLOW, GET], ["FS4001"]),
    ],
)
def test_shadows_within_a_policy(rules: list[dict[str, Any]], found: list[str]) -> None:
    assert codes(service(), policy("p", *rules)) == found


def test_a_shadow_names_the_rule_that_throws_it() -> None:
    (found,) = compiled(service(), policy("p", ALLOW, {**TCP, **ALLOW})).diagnostics
    assert "shop/p[0] (random.yaml:8)" in found.message


def test_equals_that_contradict_each_other() -> None:
    allow = policy("a", {"match": {"tcp": {"ports": ["80-90"]}}, **ALLOW})
    deny = {"match": {"tcp": {"ports": ["85-95"]}}, **DENY}
    assert codes(service(), allow, policy("d", deny)) == ["FS4002"]
    assert codes(service(), allow, policy("d", deny, priority=1)) == []
    assert codes(service(), allow, policy("d", {"match": {"udp": {}}, **DENY})) == []


def test_segments_without_a_common_member() -> None:
    far = workload("far", 31, "far", segment="back", addresses=["10.20.0.31"])
    lone = policy("p", ALLOW, to=[{"labels": {"app": "far"}}])
    assert codes(segment("back", 20), far, service(), lone) == ["FS4003"]


def test_a_service_that_is_its_own_client() -> None:
    own = {"from_": [{"labels": {"app": "api"}}]}
    assert codes(service(), policy("p", {**TCP, **ALLOW}, ALLOW, **own)) == ["FS4010"]
    assert codes(service(), policy("p", DENY, **own)) == []
    assert codes(service(), policy("p", ALLOW, from_=[{"any": True}])) == []


def test_direct_access_behind_a_proxy() -> None:
    direct = {"match": {"tcp": {"ports": [8080]}}, **ALLOW}
    assert codes(service(), policy("p", GET), policy("q", direct, **DIRECT)) == ["FS8003"]
    ssh = {"match": {"tcp": {"ports": [22]}}, **ALLOW}
    assert codes(service(), policy("p", GET), policy("q", ssh, **DIRECT)) == []
    everywhere = policy("q", direct, to=[{"any": True}])
    assert codes(service(), policy("p", GET), everywhere) == []


def test_a_denial_of_all_endpoints_starves_an_l7_allowance() -> None:
    deny = policy("d", DENY, priority=9, **DIRECT)
    (found,) = compiled(service(), deny, policy("p", GET)).diagnostics
    assert found.code == "FS8002"
    assert "shop/d[0]" in found.message
    some = {"match": {"ip": {"family": "ipv6"}}, **DENY}
    assert codes(service(), policy("d", some, priority=9, **DIRECT), policy("p", GET)) == []


@pytest.mark.parametrize("aim", [{}, DIRECT])
@pytest.mark.parametrize("source", ["web", "api"])
def test_a_rule_that_comes_or_goes_is_felt_by_those_that_share_sources_with_it(
    source: str, aim: dict[str, Any]
) -> None:
    narrow = policy("narrow", {"match": {"tcp": {"ports": [80]}}, **ALLOW}, **aim)
    fields = {"from_": [{"labels": {"app": source}}], "priority": 9, **aim}
    wide = policy("wide", {**TCP, **ALLOW}, **fields)
    found = NOTHING
    for things in ((service(), narrow), (service(), narrow, wide), (service(), narrow)):
        documents = documents_of(world(*things))
        found = compile_policy(documents, found.allocations, found)
        assert found.diagnostics == compile_policy(documents, found.allocations).diagnostics
        shadowed = "FS4001" in {one.code for one in found.diagnostics}
        assert shadowed is (wide in things and source == "web")

from typing import Any

import pytest

from tests.properties.worlds import Thing, documents_of
from tests.unit.translators.compiler.small import (
    HTTP,
    SQL,
    codes,
    compiled,
    plan_of,
    policy,
    service,
    world,
)
from translators.compiler.draft import Clauses
from translators.compiler.pipeline import NOTHING, Compilation, compile_policy
from translators.plan.model import Share

GET = {"http": {"methods": ["GET"]}}
SQL_ONLY = {"tcp": {"ports": [5432]}}
BOTH = service("api", HTTP, SQL, subsets={"v1": {"version": "v1"}, "none": {"a": "b"}})


def to(**share: Any) -> dict[str, object]:
    return {"route": {"to": [share]}}


def test_an_http_clause_holds_for_http_services_alone() -> None:
    clause = policy("p", {"match": GET, "action": "allow"}, to=[{"any": True}])
    (rule,) = plan_of(service("api"), service("db", SQL), clause).rules
    assert rule.services == ("shop/api",)
    assert rule.endpoints == ()


def test_what_a_policy_selects_is_found_anew_only_where_its_selectors_are_others() -> None:
    def row(given: Thing, before: Compilation = NOTHING) -> tuple[Clauses, Compilation]:
        found = compile_policy(documents_of(world(BOTH, given)), before=before)
        return found.draft.clauses.rows["shop/p"], found

    first, held = row(policy("p", {"match": GET, "action": "allow"}))
    other, held = row(policy("p", {"match": SQL_ONLY, "action": "allow"}), held)
    assert other.selection is first.selection
    assert other.clauses[0].model != first.clauses[0].model
    wider, _ = row(policy("p", {"match": SQL_ONLY, "action": "allow"}, to=[{"any": True}]), held)
    assert wider.selection.endpoints != first.selection.endpoints


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"match": GET, **to(subset="v1")}, []),
        ({"match": {"tcp": {"ports": [80]}}, **to(subset="v1")}, []),
        (to(subset="v1"), ["FS7001"]),
        ({"match": {"tcp": {"ports": [5432]}}, **to(subset="v1")}, []),
        ({"match": SQL_ONLY, **to(subset="v1"), "enforce": "vswitch"}, []),
        ({"match": SQL_ONLY, **to(subset="v1"), "enforce": "proxy"}, ["FS8004"]),
        ({"match": SQL_ONLY, "route": {"to": [{}], "timeout": "2s"}}, ["FS7001"]),
        ({"match": SQL_ONLY, **to(subset="v9")}, ["FS7003"]),
        ({"match": SQL_ONLY, **to(subset="none")}, ["FS7004"]),
        ({"match": SQL_ONLY, **to(subset="v1", weight=0)}, ["FS7004"]),
        ({"match": {**GET, "tcp": {"ports": [5432]}}, "action": "allow"}, ["FS7001"]),
        ({"match": GET, **to(subset="v9")}, ["FS7003"]),
        ({"match": GET, **to(subset="none")}, ["FS7004"]),
        ({"match": GET, **to(subset="v1", weight=0)}, ["FS7004"]),
        ({"match": {"tcp": {"ports": [80]}}, "action": "allow", "enforce": "proxy"}, []),
        ({"match": GET, "action": "allow", "enforce": "proxy"}, []),
        ({"action": "allow", "enforce": "proxy"}, ["FS8004"]),
    ],
)
def test_l7_needs_http_ports(rule: dict[str, object], found: list[str]) -> None:
    assert codes(BOTH, policy("p", rule)) == found


def test_a_route_of_connections_is_the_vswitchs_and_about_services_alone() -> None:
    shares = [{"subset": "v1", "weight": 3}, {}]
    plan = plan_of(BOTH, policy("p", {"match": SQL_ONLY, "route": {"to": shares}}))
    (rule,) = plan.rules
    assert rule.balance == (Share(None, 1), Share("v1", 3))
    assert (rule.route, rule.needs_proxy, rule.endpoints) == (None, False, ())
    assert plan.captures == ()
    assert [(p.layer, "connections" in p.reason) for p in plan.placements] == [("vswitch", True)]


def test_the_proxy_never_holds_direct_access() -> None:
    pinned = {"match": {"tcp": {"ports": [80]}}, "action": "deny", "enforce": "proxy"}
    assert codes(service(), policy("p", pinned, to=[{"labels": {"app": "api"}}])) == ["FS8004"]


def test_a_refused_clause_does_not_renumber_the_others() -> None:
    bad = {"match": GET, **to(subset="v9")}
    clauses = policy("p", bad, {"match": GET, "action": "allow"})
    assert [rule.name for rule in compiled(BOTH, clauses).plan.rules] == ["shop/p[1]"]

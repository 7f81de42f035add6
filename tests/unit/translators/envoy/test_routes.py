"""Route configurations."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.plans import rule, shop_plan
from tests.unit.translators.envoy.doors import door_of, with_rules
from translators.envoy.routes import DISGUISED, destinations, route_configuration
from translators.plan.model import (
    Action,
    Affinity,
    Compare,
    HttpMatch,
    Plan,
    Retry,
    Route,
    Share,
    StringMatch,
)


def _routes(plan: Plan) -> list[object]:
    _, (group,) = door_of(plan)
    return list(route_configuration(group).virtual_hosts[0].routes)


def _names(plan: Plan) -> list[str]:
    return [route.name for route in _routes(plan)]  # type: ignore[attr-defined]


def _rule(number: int, **fields: object) -> object:
    fields = {"sources": ("shop/web",), "services": ("shop/reviews",)} | fields
    return rule(f"shop/p[{number}]", number + 1, **fields)


def test_rules_keep_their_order_and_the_default_is_last() -> None:
    names = [f"shop/reviews[{n}]" for n in range(3)]
    assert _names(shop_plan()) == ["malformed", *names, "shop/default"]


def test_a_rule_without_http_ends_the_list() -> None:
    assert _names(with_rules(shop_plan(), _rule(0))) == ["malformed", "shop/p[0]"]


def test_a_rule_that_no_request_can_match_has_no_route() -> None:
    never = _rule(0, http=HttpMatch(path=StringMatch(Compare.EXACT, "/a?b")))
    assert _names(with_rules(shop_plan(), never)) == ["malformed", "shop/default"]


def test_a_denial_is_the_rbac_filters_and_fails_closed_without_it() -> None:
    plan = with_rules(shop_plan(), _rule(0, action=Action.DENY))
    _, denied = _routes(plan)
    assert denied.direct_response.status == 403  # type: ignore[attr-defined]
    (config,) = denied.typed_per_filter_config.values()  # type: ignore[attr-defined]
    assert list(config.unpack().rbac.rules.policies) == ["shop/p[0]"]


def test_a_retry_of_a_route_stands_in_place_of_the_one_for_all() -> None:
    plan = with_rules(shop_plan(), _rule(0, route=Route((Share(None, 1),), retry=Retry(0))))
    _, route = _routes(plan)
    assert route.route.retry_policy.num_retries == 0  # type: ignore[attr-defined]
    _, without = _routes(with_rules(shop_plan(), _rule(0)))
    assert without.route.retry_policy is None  # type: ignore[attr-defined]


def test_weights_and_timeout_are_carried() -> None:
    route = Route((Share("v1", 9), Share("v2", 1), Share(None, 0)), 2.5)
    _, allowed = _routes(with_rules(shop_plan(), _rule(0, route=route)))
    action = allowed.route  # type: ignore[attr-defined]
    assert action.timeout == timedelta(seconds=2.5)
    assert [(c.name, c.weight) for c in action.weighted_clusters.clusters] == [
        ("shop/reviews:80/ipv4/v1", 9),
        ("shop/reviews:80/ipv4/v2", 1),
    ]


def test_a_route_whose_weights_are_all_zero_answers_itself() -> None:
    route = Route((Share("v1", 0),))
    _, allowed = _routes(with_rules(shop_plan(), _rule(0, route=route)))
    assert allowed.direct_response.status == 503  # type: ignore[attr-defined]


def test_a_share_without_endpoints_leaves_its_part_to_the_others() -> None:
    door, _ = door_of()
    shares = Route((Share("v1", 1), Share("gone", 1)))
    assert [d.subset for d, _ in destinations(door, shares)] == ["v1"]
    assert [d.subset for d, _ in destinations(door, Route((Share("gone", 1),)))] == ["gone"]
    assert [d.subset for d, _ in destinations(door, None)] == [None]


def test_metadata_names_rule_and_origin() -> None:
    _, allowed = _routes(with_rules(shop_plan(), _rule(0)))
    fields = allowed.metadata.filter_metadata["fsdn"].fields  # type: ignore[attr-defined]
    assert {key: value.string_value for key, value in fields.items()} == {
        "origin": "shop.yaml:1",
        "rule": "shop/p[0]",
    }


@pytest.mark.parametrize("path", ["/..;x", "/a/.;/b", "/a/..;"])
def test_disguised_dots_are_malformed(path: str) -> None:
    assert re.fullmatch(DISGUISED, path)


@pytest.mark.parametrize("path", ["/...;x", "/a;../b", "/a..;/b", "/.a;"])
def test_other_parameters_are_not(path: str) -> None:
    assert not re.fullmatch(DISGUISED, path)


def test_a_route_names_the_audits_before_it_alone() -> None:
    first, last = (_rule(n, action=Action.AUDIT) for n in (0, 2))
    get = _rule(1, http=HttpMatch(methods=("GET",)))
    routes = _routes(with_rules(shop_plan(), first, get, last))
    named = [[*route.typed_per_filter_config] for route in routes[1:]]  # type: ignore[attr-defined]
    rbac = "envoy.filters.http.rbac"
    assert [sorted(names) for names in named] == [
        ["fsdn.audit.0"],
        [rbac, "fsdn.audit.0", "fsdn.audit.1"],
    ]


def test_a_client_stays_with_one_share_and_one_endpoint_of_it() -> None:
    route = Route((Share("v1", 9), Share("v2", 1)))
    plan = with_rules(shop_plan(), _rule(0, route=route), _rule(1))
    sticky = tuple(replace(s, affinity=Affinity.CLIENT_IP) for s in plan.services)
    _, split = _routes(replace(plan, services=sticky))
    (hashed,) = split.route.hash_policy  # type: ignore[attr-defined]
    assert hashed.connection_properties.source_ip
    assert split.route.weighted_clusters.use_hash_policy  # type: ignore[attr-defined]
    assert not _routes(plan)[1].route.hash_policy  # type: ignore[attr-defined]
